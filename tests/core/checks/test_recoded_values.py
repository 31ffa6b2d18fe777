"""Values under another code, and rows whose values slid into the next column."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Finding
from airmedic_core.spec import ModelSpec, parse_spec

SPEC: ModelSpec = parse_spec(
    {
        "name": "m",
        "task": "binary",
        "target": "y",
        "data": {"path": "rows.csv", "time_column": "at"},
        "features": {"numeric": ["visits", "age", "spend", "score"], "categorical": ["plan", "region"]},
    }
)
Change = Callable[[pd.DataFrame], pd.DataFrame]


def _rows(count: int, *, start: str, seed: int) -> pd.DataFrame:
    """Rows of one moment each, a minute apart; nothing depends on anything but the label on the age."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, count)
    plan = rng.choice(["basic", "plus", "pro", "team"], count, p=[0.45, 0.3, 0.2, 0.05])
    return pd.DataFrame(
        {
            "at": pd.Timestamp(start) + pd.to_timedelta(np.arange(count), unit="min"),
            "visits": (rng.random(count) < 0.3).astype(int),
            "age": age,
            "spend": rng.gamma(2.0, 400.0, count),
            "score": rng.uniform(0, 1, count),
            "plan": plan,
            "region": np.where(rng.random(count) < 0.2, None, rng.choice(["north", "south", "west"], count)),
            "y": (rng.random(count) < 1 / (1 + np.exp(-(age - 40) / 10))).astype(int),
        }
    )


def _checked(change: Change) -> PairCheck:
    reference, current = _rows(4000, start="2026-01-01", seed=0), _rows(1000, start="2026-01-04", seed=1)
    return check_pair(SPEC, reference, change(current))


def _findings(result: PairCheck, statistic: str) -> list[Finding]:
    return [finding for finding in result.findings if finding.statistic == statistic]


CODES: dict[str, tuple[str, Change, dict[str, str]]] = {
    "a flag of 0 and 1 is 1 and 2": ("visits", lambda day: day.assign(visits=day["visits"] + 1), {"0": "1", "1": "2"}),
    "a blank is 0": ("region", lambda day: day.assign(region=day["region"].fillna("0")), {"": "0"}),
    "a blank joins a value that was there": (
        "region",
        lambda day: day.assign(region=day["region"].fillna("west")),
        {"": "west"},
    ),
    "new letters": (
        "plan",
        lambda day: day.replace({"plan": {"basic": "B", "plus": "L", "pro": "P", "team": "T"}}),
        {"basic": "B", "plus": "L", "pro": "P", "team": "T"},
    ),
}


@pytest.mark.parametrize("name", CODES)
def test_another_code_is_a_change_of_schema(name: str) -> None:
    column, change, expected = CODES[name]
    result = _checked(change)
    [finding] = _findings(result, "recoded")
    assert finding.subject == column
    assert finding.details["recoded"] == expected
    assert result.assessment.cause is Cause.SCHEMA_CHANGE


HEALTHY_MOVES: dict[str, Change] = {
    "nothing": lambda day: day,
    "a mix that moves": lambda day: day[(day["plan"] != "basic") | (np.arange(len(day)) % 2 == 0)],
    "values that exchange their shares": lambda day: day.replace(
        {"plan": {"basic": "plus", "plus": "pro", "pro": "basic"}}
    ),
    "a category that hardly comes any more": lambda day: day[day["plan"] != "team"],
    "a value that is blank": lambda day: day.assign(region=day["region"].where(day["region"] != "west", None)),
    "another unit": lambda day: day.assign(spend=day["spend"] * 100),
}


@pytest.mark.parametrize("name", HEALTHY_MOVES)
def test_shares_that_move_are_no_other_code(name: str) -> None:
    assert not _findings(_checked(HEALTHY_MOVES[name]), "recoded")


def _slid(day: pd.DataFrame, steps: int, every: int) -> pd.DataFrame:
    """Every so many rows, each number stands under the name beside its own."""
    numbers = ["visits", "age", "spend", "score"]
    values = day[numbers].astype(float)
    slid = pd.DataFrame(np.roll(values.to_numpy(), steps, axis=1), index=day.index, columns=numbers)
    return day.assign(**values.where(pd.Series(np.arange(len(day)) % every > 0, index=day.index), slid, axis=0))


@pytest.mark.parametrize("steps", [1, -1])
@pytest.mark.parametrize("every", [1, 5, 20])
def test_rows_that_slid_are_seen_whatever_their_share(steps: int, every: int) -> None:
    result = _checked(lambda day: _slid(day, steps, every))
    [finding] = _findings(result, "slid_fraction")
    # The density of a score of 0.3 under visits, of 0 and 1 alone, is not zero: a few rows stay in doubt.
    assert finding.value == pytest.approx(1 / every, rel=0.15)
    assert result.assessment.cause in {Cause.SCHEMA_CHANGE, Cause.DATA_CORRUPTION}


@pytest.mark.parametrize("name", [*HEALTHY_MOVES, "all numbers rise"])
def test_inputs_that_move_have_not_slid(name: str) -> None:
    def risen(day: pd.DataFrame) -> pd.DataFrame:
        return day.assign(age=day["age"] + 15, spend=day["spend"] * 1.5, score=day["score"] ** 0.5)

    assert not _findings(_checked(HEALTHY_MOVES.get(name, risen)), "slid_fraction")
