"""What speaks against taking a window for the new normal."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.assess import doubt_of_new_normal
from airmedic_core.causes import Cause
from airmedic_core.diagnose.remedies import remedies_of
from airmedic_core.pair import check_pair
from airmedic_core.records import Finding, Role, Verdict
from airmedic_core.spec import parse_spec

ALERT, WATCH = Verdict.ALERT, Verdict.WATCH
DAYS, ROWS = 30, 400


def moved(column: str, effect: float, verdict: Verdict = ALERT, **details: Any) -> Finding:
    return Finding("drift", column, "shift", verdict, effect=effect, role=Role.INPUT_MOVED, details=details)


@pytest.mark.parametrize(
    ("findings", "doubted"),
    [
        ([moved("insured", -0.84)], True),
        ([moved("insured", -0.84), moved("age", 0.1, Verdict.OK)], True),
        ([moved("insured", -0.84), moved("age", 0.12, WATCH)], False),
        ([moved("insured", -0.84), moved("age", 0.3)], False),
        ([moved("insured", -0.84), moved("batch", 0.2, WATCH)], True),
        ([moved("insured", 0.4)], False),
        ([moved("insured", 0.4, exchanged=True)], True),
        ([moved("children", -0.4, one_value=True)], True),
        ([moved("channel", 0.2, value_lost=True)], True),
        ([], False),
    ],
)
def test_an_input_that_alone_is_far_or_has_lost_a_value_is_a_doubt(findings: list[Finding], doubted: bool) -> None:
    column = findings[0].subject if findings else ""
    assert doubt_of_new_normal(findings) == (f"once the owner of {column} says that it is meant" if doubted else "")


def test_a_reference_is_not_renewed_without_a_condition_under_a_doubt() -> None:
    doubted = remedies_of(Cause.HARMLESS_COVARIATE_SHIFT, not_normal="once the owner of age says that it is meant")

    assert [action.action for action in doubted] == ["escalate", "refresh_reference", "retrain"]
    assert doubted[1].condition == "once the owner of age says that it is meant"
    assert "alone" in doubted[0].why


def rows(seed: int, first: int, days: int) -> pd.DataFrame:
    """Return rows whose label follows ``x``; the other inputs say nothing of it."""
    rng = np.random.default_rng(seed)
    count = days * ROWS
    x = rng.normal(size=count)
    minutes = np.tile(np.linspace(0, 1439, ROWS).round(), days)
    day = pd.Timestamp("2026-01-05", tz="UTC") + pd.to_timedelta(np.repeat(np.arange(first, first + days), ROWS), "D")
    return pd.DataFrame(
        {
            "at": day + pd.to_timedelta(minutes, "min"),
            "x": x,
            "z": rng.normal(size=count),
            "insured": rng.random(count) < 0.92,
            "member": rng.choice(["no", "yes"], count, p=[0.85, 0.15]),
            "region": rng.choice(["north", "south", "west"], count, p=[0.5, 0.3, 0.2]),
            "claims": np.where(rng.random(count) < 0.8, 0, rng.poisson(2.0, count) + 1),
            "y": (rng.random(count) < 1 / (1 + np.exp(-2 * x))).astype(int),
        }
    )


SPEC = parse_spec(
    {
        "name": "policies",
        "task": "binary",
        "target": "y",
        "data": {"path": "policies.parquet", "time_column": "at"},
        "features": {"numeric": ["x", "z", "claims"], "categorical": ["insured", "member", "region"]},
        "window": {"every": "day", "min_rows": 100},
    }
)
"""No label follows the inputs that break here, so nothing is lost."""


@pytest.mark.parametrize(
    ("column", "damage", "sign"),
    [
        ("insured", lambda today: ~today["insured"], "exchanged"),
        ("member", lambda today: today["member"].map({"no": "yes", "yes": "no"}), "exchanged"),
        ("region", lambda _: "north", "value_lost"),
        ("claims", lambda _: 0, "one_value"),
    ],
)
def test_an_input_that_is_broken_alone_does_not_become_usual_by_one_click(
    column: str, damage: Callable[[pd.DataFrame], object], sign: str
) -> None:
    today = rows(2, DAYS, 1)
    answer = check_pair(SPEC, rows(1, 0, DAYS), today.assign(**{column: damage(today)}))

    assert answer.assessment.outcome == "incident"
    assert not [
        action.action for action in answer.recommended if action.action == "refresh_reference" and not action.condition
    ], answer.assessment
    assert answer.recommended[0].action != "refresh_reference"
    [shift] = [finding for finding in answer.findings if finding.key == f"drift:{column}:shift"]
    assert shift.details[sign] is True


def test_inputs_that_moved_together_may_become_usual() -> None:
    today = rows(2, DAYS, 1)
    today["z"] += 0.5
    today["region"] = today["region"].mask(np.random.default_rng(5).random(len(today)) < 0.3, "west")
    answer = check_pair(SPEC, rows(1, 0, DAYS), today)

    assert answer.assessment.cause is Cause.HARMLESS_COVARIATE_SHIFT
    assert (answer.recommended[0].action, answer.recommended[0].condition) == ("refresh_reference", "")
