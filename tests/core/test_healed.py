"""When an incident counts as healed. The limits are those of the spec and of the module, computed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airmedic_core.healed import HEALED, NOT_HEALED, came_back, comes_back, did_heal, fell, is_healed, unproven
from airmedic_core.records import Cause, Incident, IncidentState, Severity
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Window

NOW = datetime(2026, 3, 9, tzinfo=UTC)
CLOSED = Incident(
    id="first",
    model="churn",
    state=IncidentState.RESOLVED,
    severity=Severity.HIGH,
    cause=Cause.CONCEPT_DRIFT,
    headline="The relation has changed",
    fingerprint="print",
    window=Window(NOW - timedelta(days=1), NOW),
    as_of=NOW,
    batch_ids=("b1",),
    opened_at=NOW,
    closed_at=NOW,
    resolution={"action": "deploy", "outcome": "healed"},
)


def spec(task: str, metric: str) -> ModelSpec:
    data = {"source": "file", "path": "rows.csv", "time_column": "at"}
    text = {"name": "churn", "task": task, "target": "y", "data": data, "gate": {"metric": metric, "margin": -0.01}}
    return parse_spec(text)


def ended(outcome: str, state: IncidentState = IncidentState.RESOLVED, **more: str) -> Incident:
    return replace(CLOSED, state=state, resolution={"outcome": outcome, **more})


@pytest.mark.parametrize("outcome", sorted(HEALED))
def test_an_outcome_that_counts_heals_until_the_problem_comes_back(outcome: str) -> None:
    incident = ended(outcome)
    assert is_healed(incident)
    again = replace(CLOSED, id="second", resolution={"recurrence_of": "first"})
    assert (did_heal(incident, came_back([incident])), did_heal(incident, came_back([again, incident]))) == (
        True,
        False,
    )


def test_what_counts_against_an_action_is_not_what_says_nothing_of_it() -> None:
    told = {outcome: did_heal(ended(outcome), frozenset()) for outcome in ("rejected", "unanswered", *NOT_HEALED)}
    assert told == {"rejected": None, "unanswered": None, **dict.fromkeys(NOT_HEALED, False)}
    assert not is_healed(ended("healed", IncidentState.ESCALATED))
    assert not is_healed(ended("dry_run"))


@pytest.mark.parametrize(
    ("task", "metric", "before", "after", "expected"),
    [
        ("binary", "roc_auc", 0.80, 0.795, False),  # 0.005 lower: within the margin of 0.01
        ("binary", "roc_auc", 0.80, 0.78, True),
        ("regression", "mae", 100.0, 100.5, False),  # lower is better, and the margin is 1 % of the value before
        ("regression", "mae", 100.0, 102.0, True),
        ("regression", "mae", 100.0, 50.0, False),
        ("binary", "roc_auc", None, 0.1, False),
        ("binary", "roc_auc", 0.9, None, False),
    ],
)
def test_a_metric_fell_where_it_is_worse_by_more_than_the_margin(
    task: str, metric: str, before: float | None, after: float | None, *, expected: bool
) -> None:
    assert fell(spec(task, metric), before, after) is expected


def test_only_an_action_that_has_to_prove_itself_needs_every_step() -> None:
    assert unproven("healed", ()) == ""
    assert unproven("healed", ("watch_deployment", "deploy")).endswith("watch_deployment, deploy failed.")
    assert {unproven(outcome, ("watch_deployment",)) for outcome in HEALED - {"healed"}} == {""}


@pytest.mark.parametrize(("days", "expected"), [(7, True), (7.01, False)])
def test_a_problem_comes_back_within_a_week(days: float, *, expected: bool) -> None:
    later = NOW + timedelta(days=days)
    assert comes_back(CLOSED, "print", later) is expected
    assert not comes_back(CLOSED, "another", later)
    assert not comes_back(replace(CLOSED, closed_at=None), "print", later)
