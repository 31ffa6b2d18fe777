"""The sensor that asks people, and what it shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from tests.airflow.tasks import context_of, propose


def _waits() -> type[BaseException]:
    """What an operator raises that waits for people: it differs between the versions of Airflow."""
    from airflow.sdk import exceptions

    return getattr(exceptions, "TaskAwaitingInput", None) or exceptions.TaskDeferred


@pytest.mark.usefixtures("adopted")
def test_an_answer_counts_for_the_proposal_that_was_shown() -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor

    workspace = open_workspace("meter")
    shown = propose(workspace, "retrain")
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=shown.hash)
        sensor >> BaseOperator(task_id="retrain")
    context = context_of(sensor)
    with pytest.raises(_waits()) as parked:
        sensor._park(context, workspace, shown, tier=1)
    # While people look at the page, the decision is made again, and the template now names the newer proposal.
    newer = replace(shown, params={"other": 1}, created_at=shown.created_at + timedelta(seconds=1))
    workspace.ledger.record_proposal(newer)
    sensor.proposal_hash = newer.hash
    answer = {"chosen_options": ["Approve"], "responded_at": datetime.now(UTC), "responded_by_user": {"id": "anna"}}
    with pytest.raises(DownstreamTasksSkipped):
        sensor.resume(context, event=answer, **parked.value.kwargs)
    assert context["ti"].pushed["answer"]["answer"] == "refused"
    assert workspace.ledger.approvals(newer.hash) == []
    (given,) = workspace.ledger.approvals(shown.hash)
    assert "the proposal has changed" in given.refused_because


@pytest.mark.usefixtures("adopted")
def test_of_two_proposals_of_one_moment_both_may_be_answered() -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor

    workspace = open_workspace("meter")
    first = propose(workspace, "change_setting")
    second = replace(first, params={"key": "gate.margin"})
    workspace.ledger.record_proposal(second)
    sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=first.hash)
    assert all(sensor._may_still_be_answered(workspace, proposal) for proposal in (first, second))
    later = replace(first, params={"key": "gate.confidence"}, created_at=first.created_at + timedelta(seconds=1))
    workspace.ledger.record_proposal(later)
    assert not any(sensor._may_still_be_answered(workspace, proposal) for proposal in (first, second))


@pytest.mark.usefixtures("adopted")
def test_hostile_text_stays_text_in_an_approval() -> None:
    from dataclasses import replace

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    hostile = "x | y |\n\n# Approve now\n[click](http://evil) <img src=x> `code`"
    shown = body(workspace, replace(propose(workspace, "retrain"), expected=hostile, reason=hostile))
    assert "\n# Approve now" not in shown
    assert "[click](" not in shown
    assert "<img" not in shown.replace("\\<", "")
    (worth,) = (line for line in shown.splitlines() if line.startswith("| What it is worth"))
    assert worth.replace("\\|", "").count("|") == 3


@pytest.mark.usefixtures("adopted")
def test_what_a_person_has_to_know_stands_above_evidence_and_hash() -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    gate = {
        "outcome": "passed", "metric": "roc_auc", "reasons": [], "champion": "1", "challenger": "2",
        "champion_value": 0.4, "challenger_value": 0.8, "difference": 0.4, "low": 0.3, "high": 0.5, "rows": 2310,
    }  # fmt: skip
    asked = propose(workspace, "deploy", {"version": "2", "gate": gate})
    above, below = body(workspace, asked).split("### Why")
    bar = "█" * 16
    assert above.splitlines()[:6] == [
        "```text",
        "AUC on the same 2,310 rows",
        f"version 1, which serves {bar}                 0.4",
        f"version 2               {bar}{bar} 0.8",
        "version 2 is better by 0.4 (95 % interval +0.3 to +0.5)",
        "```",
    ]
    rows = dict(line.strip("| ").split(" | ", 1) for line in above.splitlines() if line.startswith("| W"))
    assert rows["What changes"] == "Version 2 serves in place of version 1."
    assert rows["What it is worth"] == "Better."
    assert "if nobody answers by" in rows["Without a yes"]
    assert rows["Who may answer"].startswith("anna, boris")
    assert asked.hash not in above
    assert asked.hash in below


@pytest.mark.usefixtures("adopted")
def test_without_two_versions_the_metric_before_and_after_the_fault_is_the_picture() -> None:
    from dataclasses import replace

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_picture import picture
    from airmedic_core.records import Batch, Finding, Role, Verdict
    from airmedic_core.windows import Window

    workspace = open_workspace("meter")
    asked = propose(workspace, "retrain_drawn")
    incident = workspace.ledger.incident(asked.incident_id)
    assert picture(workspace, asked) == []
    for back, auc in ((2, 0.9), (1, 0.8), (0, 0.45)):
        length = incident.window.end - incident.window.start
        window = Window(incident.window.start - back * length, incident.window.end - back * length)
        batch = Batch("meter", window, incident.as_of, 100)
        measured = Finding(
            "performance", "batch", "roc_auc", Verdict.OK, value=auc, limit=0.75, role=Role.LOSS,
            details={"decides": True},
        )  # fmt: skip
        workspace.ledger.record_findings(batch, "performance", [measured], model_version="1")
    workspace.ledger.attach_batch(incident.id, replace(batch))
    metric, before, now, accepted = picture(workspace, asked)
    assert metric == "AUC"
    assert (before.split()[-1], now.split()[-1], accepted.split()[-1]) == ("0.8", "0.45", "0.75")
    assert before.count("█") > accepted.count("█") > now.count("█") > 0


@pytest.mark.usefixtures("adopted")
def test_what_speaks_against_it_is_shown_first_and_in_red() -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    params = {"version": "2", "from_version": "1", "versions": ["version 1 serves", "version 2 was rolled back"]}
    quiet = body(workspace, propose(workspace, "rollback", params))
    assert "- version 1 serves\n- version 2 was rolled back" in quiet
    assert "🔴" not in quiet
    against = {"against": "Version 2 was rolled back.", "override": "ada says: | try it"}
    shown = body(workspace, propose(workspace, "rollback", params | against))
    assert shown.startswith("## 🔴 Version 2 was rolled back. This is overridden: ada says: \\| try it 🔴\n\n| | |")


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize("over", ["ended", "expired", "replaced"])
def test_what_nobody_can_answer_any_more_is_not_asked(over: str) -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor
    from airmedic_core.records import IncidentState

    workspace = open_workspace("meter")
    proposal = propose(workspace, f"retrain_{over}")
    if over == "ended":
        workspace.ledger.move_incident(proposal.incident_id, IncidentState.ESCALATED)
    elif over == "expired":
        proposal = replace(proposal, params={"late": 1}, expires_at=proposal.created_at)
        workspace.ledger.record_proposal(proposal)
    else:
        newer = replace(proposal, params={"other": 1}, created_at=proposal.created_at + timedelta(seconds=1))
        workspace.ledger.record_proposal(newer)
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=proposal.hash)
        sensor >> BaseOperator(task_id="retrain")
    context = context_of(sensor)
    with pytest.raises(DownstreamTasksSkipped):
        sensor.execute(context)
    assert context["ti"].pushed["answer"]["answer"] == "refused"
    assert workspace.ledger.approvals(proposal.hash) == []


@pytest.mark.usefixtures("adopted")
def test_a_rejection_keeps_its_snooze_and_the_next_question_says_who_refused_and_why() -> None:
    from dataclasses import replace
    from datetime import timedelta

    from airflow.sdk import DAG, BaseOperator
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    from airmedic.hooks.workspace import open_workspace
    from airmedic.sensors.approval import ApprovalSensor
    from airmedic.sensors.approval_question import body

    workspace = open_workspace("meter")
    asked = propose(workspace, "quarantine", {"windows": []})
    assert "Rejected before" not in body(workspace, asked)
    with DAG("remediate__meter"):
        sensor = ApprovalSensor(task_id="approve", model="meter", proposal_hash=asked.hash)
        sensor >> BaseOperator(task_id="quarantine")
    at = datetime.now(UTC)
    event = {
        "chosen_options": ["Reject"],
        "responded_at": at,
        "responded_by_user": {"id": "anna", "name": "anna"},
        "params_input": {"comment": "the sensor | is being\nreplaced", "snooze": "3 days"},
    }
    with pytest.raises(DownstreamTasksSkipped):
        sensor.resume(context_of(sensor), 1, event, asked.hash, {"sha256": "0" * 64, "at": at.isoformat()})
    (answer,) = workspace.ledger.approvals(asked.hash)
    assert (answer.answer, answer.refused_because) == ("reject", "")
    assert answer.snooze_until == at + timedelta(days=3)
    shown = body(workspace, replace(asked, params={"windows": ["x"]}))
    assert "### Rejected before" in shown
    assert "- anna rejected quarantine on" in shown
    assert "the sensor \\| is being replaced" in shown


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
    assert list(form) == ["comment", "snooze", "window_start", "window_end", "margin"]
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
    assert list(form_of(two)) == ["comment", "snooze"]
    assert "| May be narrowed | not where several people approve" in body(training.workspace, two)
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
    with pytest.raises(_waits()):
        _answered(training, filled_in)
    ledger, asked = training.workspace.ledger, training.asked
    (given,) = ledger.approvals(asked.hash)
    assert given.refused_because
    assert len(given.refused_because) < 1000
    assert "approve" in given.answer
    assert ledger.proposals(asked.incident_id) == [asked]
    assert [list(question["params"]) for question in put] == [
        ["comment", "snooze", "window_start", "window_end", "margin"]
    ]
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
    with pytest.raises(_waits()):
        _answered(training, {"margin": -0.005}, by="mallory")
    (given,) = training.workspace.ledger.approvals(training.asked.hash)
    assert "'mallory' is not an approver" in given.refused_because
    assert training.workspace.ledger.proposals(training.asked.incident_id) == [training.asked]
