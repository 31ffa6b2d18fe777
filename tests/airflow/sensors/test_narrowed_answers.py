"""What approvers fill in: values that narrow a proposal, a comment, and what is refused of them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from tests.airflow.tasks import context_of, waiting


@pytest.fixture
def training() -> Any:
    """A training that people are asked about, with the sensor and the context of its task."""
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor
    from airmedic_core.actions import ACTIONS
    from airmedic_core.decide import Request
    from airmedic_core.incident_lifecycle import request_incident
    from airmedic_core.records import Permission, Proposal

    workspace, now = open_workspace("meter"), datetime.now(UTC)
    incident = request_incident(workspace, Request(action="retrain", by="eve"), f"run {uuid4()}", now=now)
    params, expected = ACTIONS.member("retrain").plan(workspace, incident, None)
    until = now + timedelta(hours=1)
    asked = Proposal(incident.id, "meter", "retrain", params, expected, Permission.ASK, "A test.", now, until)
    workspace.ledger.record_proposal(asked)
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=asked.hash)
        sensor >> BaseOperator(task_id="retrain")
    return SimpleNamespace(workspace=workspace, asked=asked, sensor=sensor, context=context_of(sensor))


def _answered(training: Any, filled_in: Any, *, by: str = "anna", said: str = "Approve") -> Any:
    at = datetime.now(UTC)
    event = {
        "chosen_options": [said],
        "responded_at": at,
        "responded_by_user": {"id": by, "name": by},
        "params_input": filled_in,
    }
    shown = {"sha256": "0" * 64, "at": at.isoformat()}
    return training.sensor.resume(training.context, 1, event, training.asked.hash, shown)


@pytest.mark.usefixtures("adopted")
def test_the_form_and_the_page_show_what_may_be_narrowed_with_its_bounds(training: Any) -> None:
    from dataclasses import replace

    from airmedic.sensors.approval_form import form_of
    from airmedic.sensors.approval_question import body
    from airmedic_core.records import Permission

    params = training.asked.params
    form = form_of(training.asked)
    assert list(form) == ["comment", "window_start", "window_end", "margin"]
    assert form["window_start"]["value"] == params["window_start"]
    assert form["window_start"]["schema"] == {
        "type": "string",
        "format": "date-time",
        "title": "First moment of the training rows",
    }
    bounds = "between {:%Y-%m-%d %H:%M} and {:%Y-%m-%d %H:%M} UTC".format(
        *(datetime.fromisoformat(params[name]) for name in ("window_start", "window_end"))
    )
    assert bounds in form["window_start"]["description"]
    assert form["margin"]["schema"] == {
        "type": "number",
        "minimum": -0.01,
        "maximum": 0.0,
        "title": "Margin of the gate",
    }
    assert f"First moment of the training rows: {bounds}" in body(training.workspace, training.asked)
    two = replace(training.asked, permission=Permission.ASK_TWO)
    assert list(form_of(two)) == ["comment"]
    assert "- **May be narrowed:** not where several people approve" in body(training.workspace, two)
    assert "May be narrowed" not in body(training.workspace, replace(training.asked, action="hold"))


@pytest.mark.usefixtures("adopted")
def test_what_an_approver_narrows_is_what_the_tasks_downstream_are_given(training: Any) -> None:
    from datetime import timedelta

    from airmedic_core.windows import as_utc

    ledger, asked = training.workspace.ledger, training.asked
    later = (as_utc(asked.params["window_start"]) + timedelta(days=1)).isoformat()
    # Pages send all fields of the form; this one has changed one of them.
    result = _answered(
        training,
        {"comment": "go on", "snooze": "7 days", "window_start": later, "window_end": asked.params["window_end"]},
    )
    narrowed = ledger.proposal(result["proposal_hash"])
    given = {key: value for key, value in narrowed.params.items() if key != "learns_from"}
    expected = {key: value for key, value in asked.params.items() if key != "learns_from"} | {"window_start": later}
    assert (narrowed.parent, given) == (asked.hash, expected)
    # The rows that it learns from are counted anew.
    assert narrowed.params["learns_from"]["start"] == later
    assert narrowed.params["learns_from"]["rows"] < asked.params["learns_from"]["rows"]
    assert training.context["ti"].pushed["proposal_hash"] == narrowed.hash
    (given,) = ledger.approvals(narrowed.hash)
    assert (given.by, given.comment, given.shown_sha256) == ("anna", "go on", "0" * 64)
    assert ledger.approvals(asked.hash) == []
    # A task that is cleared, or retried, finds the answer without asking again.
    training.sensor.proposal_hash = asked.hash
    again = context_of(training.sensor)
    assert training.sensor.execute(again) == result
    assert again["ti"].pushed["proposal_hash"] == narrowed.hash


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize(
    "filled_in",
    [
        {"window_start": "2000-01-01T00:00:00Z"},
        {"margin": -1},
        {"margin": {"$gt": 0}},
        {"trials": 10**9},
        {"method": "os:system"},
        {"window_start": "x" * 100_000},
        {"parent": "0" * 64},
    ],
    ids=lambda filled_in: next(iter(filled_in)),
)
def test_values_that_are_refused_leave_the_question_in_required_actions(
    training: Any, filled_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.execution_time import hitl

    from airmedic.sensors import approval

    put: list[dict[str, Any]] = []
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: put.append(question))
    monkeypatch.setattr(approval, "tell", lambda spec, *lines, **more: told.append(lines))
    with pytest.raises(waiting()):
        _answered(training, filled_in)
    ledger, asked = training.workspace.ledger, training.asked
    (given,) = ledger.approvals(asked.hash)
    assert given.refused_because
    assert len(given.refused_because) < 1000
    assert "approve" in given.answer
    assert ledger.proposals(asked.incident_id) == [asked]
    assert [list(question["params"]) for question in put] == [["comment", "window_start", "window_end", "margin"]]
    assert f"The answer of anna does not count: {given.refused_because}" in told[0]


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize("filled_in", [None, [], "x", {"comment": None}])
def test_a_form_that_is_left_empty_or_is_none_approves_what_was_proposed(training: Any, filled_in: Any) -> None:
    assert _answered(training, filled_in)["proposal_hash"] == training.asked.hash


@pytest.mark.parametrize(
    ("comment", "kept"), [("half \ud800", "half ?"), ("a\0b", "a\ufffdb"), ("\U0001f600", "\U0001f600")]
)
@pytest.mark.usefixtures("adopted")
def test_a_comment_that_no_database_takes_is_kept_without_what_it_does_not_take(
    training: Any, comment: str, kept: str
) -> None:
    _answered(training, {"comment": comment})
    (given,) = training.workspace.ledger.approvals(training.asked.hash)
    assert (given.comment, given.refused_because) == (kept, "")


@pytest.mark.usefixtures("adopted")
def test_somebody_who_may_not_answer_narrows_nothing(training: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.execution_time import hitl

    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **question: None)
    with pytest.raises(waiting()):
        _answered(training, {"margin": -0.005}, by="mallory")
    (given,) = training.workspace.ledger.approvals(training.asked.hash)
    assert "'mallory' is not an approver" in given.refused_because
    assert training.workspace.ledger.proposals(training.asked.incident_id) == [training.asked]
