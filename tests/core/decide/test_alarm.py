"""Alarms that go quiet between an approval and its action."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.decide import Decision, Request, decide, propose
from airmedic_core.decide.alarm import question_again, quiet_alarm
from airmedic_core.decide.explain import explain_action
from airmedic_core.errors import ApprovalError, QuietAlarmError
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import asked_again, close_incident, open_incident, request_incident
from airmedic_core.records import (
    Batch,
    Cause,
    Diagnosis,
    Incident,
    IncidentState,
    Permission,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, observe, renewals, workspace

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    ws = workspace(tmp_path, renewals(days=8, per_day=5))
    (tmp_path / "policies").unlink()
    (tmp_path / "policies").mkdir()
    rule(ws)
    return ws


def rule(ws: Workspace, quiet: str = "ask", permission: str = "ask") -> None:
    text = f"permissions: [{{actions: [change_wheel, quarantine, deploy], permission: {permission}}}]\n"
    (ws.settings.policies / "default.yaml").write_text(text + f"autonomy: {{quiet: {quiet}}}")


@pytest.fixture(autouse=True)
def _wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """An action of a package, which can be carried out without a model."""
    from airmedic_core.actions import ACTIONS
    from tests.core.decide.wheel import ChangeWheel

    monkeypatch.setitem(ACTIONS._members, "change_wheel", ChangeWheel())


def alarmed(ws: Workspace, cause: Cause = Cause.CONCEPT_DRIFT, action: str = "change_wheel") -> Incident:
    incident = open_incident(ws, observe(ws, 3, cause=cause), now=NOW)
    ranked, advice = (RankedCause(cause, 0.9),), (RecommendedAction(action, 1, "It helps.", ""),)
    ws.ledger.record_diagnosis(
        Diagnosis(incident.id, "rules", ranked, Severity.HIGH, "It is so.", advice, "0" * 64), stands=True
    )
    return incident


def proposed(decision: Decision) -> Proposal:
    assert decision.proposal is not None
    return decision.proposal


def approve(ws: Workspace, proposal: Proposal, by: str = "bob") -> None:
    given = ws.ledger.answer_proposal(proposal.hash, "approve", by=by, at=NOW, channel="airflow")
    assert given.refused_because == ""


def approved(ws: Workspace, incident: Incident, request: Request | None = None) -> Proposal:
    proposal = proposed(decide(ws, incident.id, request or Request(), now=NOW))
    if proposal.permission is Permission.ASK:
        approve(ws, proposal)
    return proposal


@pytest.mark.parametrize(
    ("outcome", "cause"), [("incident", Cause.CONCEPT_DRIFT), ("watch", Cause.CONCEPT_DRIFT), ("nothing", None)]
)
def test_what_still_sounds_is_carried_out(ws: Workspace, outcome: str, cause: Cause | None) -> None:
    proposal = approved(ws, alarmed(ws))
    if cause is not None:
        observe(ws, 4, outcome=outcome, cause=cause)
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


@pytest.mark.parametrize(
    ("outcome", "cause", "says"),
    [
        ("healthy", Cause.HEALTHY, "is healthy"),
        ("incident", Cause.DATA_CORRUPTION, f"shows {Cause.DATA_CORRUPTION.words}"),
        ("watch", Cause.HARMLESS_COVARIATE_SHIFT, "is watched for"),
    ],
)
@pytest.mark.parametrize("permission", ["ask", "auto"])
def test_what_has_gone_quiet_goes_back_to_the_approver_with_what_changed(
    ws: Workspace, outcome: str, cause: Cause, says: str, permission: str
) -> None:
    rule(ws, permission=permission)
    incident = alarmed(ws)
    first = approved(ws, incident)
    observe(ws, 4, outcome=outcome, cause=cause)
    with pytest.raises(QuietAlarmError, match=r"The alarm has gone quiet: .* \(quiet\)"):
        carry_out(ws, first.hash, now=NOW)
    (stopped,) = ws.ledger.actions(incident_id=incident.id)
    assert (stopped.status, says in stopped.summary) == ("stopped", True)

    left = close_incident(ws, incident.id, now=NOW)
    assert left.state is IncidentState.DIAGNOSED
    assert asked_again(ws, left) == first.hash

    decision = decide(ws, incident.id, Request(), now=LATER)
    again = proposed(decision)
    assert again.hash != first.hash
    assert (again.action, again.params, again.permission) == ("change_wheel", first.params, Permission.ASK)
    assert says in again.changed
    assert again.reason.startswith("change_wheel was approved, and is asked about again")
    with pytest.raises(ApprovalError, match=r"needs 1 approval"):
        carry_out(ws, again.hash, now=LATER)
    assert ws.ledger.answer_proposal(again.hash, "approve", by="bob", at=LATER, channel="airflow").refused_because == ""
    assert carry_out(ws, again.hash, now=LATER).status == "done"
    assert close_incident(ws, incident.id, now=LATER).state is IncidentState.RESOLVED


def test_the_second_question_can_be_rejected(ws: Workspace) -> None:
    incident = alarmed(ws)
    first = approved(ws, incident)
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    with pytest.raises(QuietAlarmError):
        carry_out(ws, first.hash, now=NOW)
    now = datetime.now(UTC)  # what was stopped is dated by the clock
    again = proposed(decide(ws, incident.id, Request(), now=now))
    ws.ledger.answer_proposal(again.hash, "reject", by="bob", at=now, channel="airflow")
    closed = close_incident(ws, incident.id, now=now)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.REJECTED, "rejected")
    assert asked_again(ws, closed) == ""


def test_what_people_know_is_not_asked_a_third_time_and_what_they_do_not_know_is(ws: Workspace) -> None:
    incident = alarmed(ws)
    first = approved(ws, incident)
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    with pytest.raises(QuietAlarmError):
        carry_out(ws, first.hash, now=NOW)
    again = proposed(decide(ws, incident.id, Request(), now=LATER))
    ws.ledger.answer_proposal(again.hash, "approve", by="bob", at=LATER, channel="airflow")
    observe(ws, 5, cause=Cause.DATA_CORRUPTION)
    with pytest.raises(QuietAlarmError, match=f"shows {Cause.DATA_CORRUPTION.words}"):
        carry_out(ws, again.hash, now=LATER)
    observe(ws, 5, outcome="healthy", cause=Cause.HEALTHY)
    assert carry_out(ws, again.hash, now=LATER).status == "done"


def test_an_alarm_that_sounds_again_needs_no_second_approval(ws: Workspace) -> None:
    incident = alarmed(ws)
    first = approved(ws, incident)
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    with pytest.raises(QuietAlarmError):
        carry_out(ws, first.hash, now=NOW)
    observe(ws, 5)
    assert proposed(decide(ws, incident.id, Request(), now=LATER)) == first
    assert carry_out(ws, first.hash, now=LATER).status == "done"


def test_a_request_has_no_alarm_that_could_go_quiet(ws: Workspace) -> None:
    request = Request("quarantine", by="ada")
    observe(ws, 3, outcome="healthy", cause=Cause.HEALTHY)
    asked = request_incident(ws, request, "manual__1", now=NOW)
    proposal = approved(ws, asked, request)
    assert proposal.changed == ""
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


def test_what_a_person_asks_for_an_incident_is_carried_out_though_it_is_quiet(ws: Workspace) -> None:
    incident = alarmed(ws)
    observe(ws, 3, outcome="healthy", cause=Cause.HEALTHY)
    proposal = approved(ws, incident, Request("quarantine", by="ada"))
    assert proposal.changed == ""
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


def test_what_is_quiet_before_anybody_is_asked_is_said_in_the_first_question(ws: Workspace) -> None:
    rule(ws, permission="auto")
    incident = alarmed(ws)
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    proposal = proposed(decide(ws, incident.id, Request(), now=NOW))
    assert (proposal.permission, "is healthy" in proposal.changed) == (Permission.ASK, True)
    approve(ws, proposal)
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


@pytest.mark.parametrize(
    ("quiet", "expected"), [("auto", "ask"), ("ask", "ask"), ("recommend", "recommend"), ("observe", "deny")]
)
def test_the_policy_says_how_far_to_go_for_a_quiet_alarm(ws: Workspace, quiet: str, expected: str) -> None:
    rule(ws, quiet)
    incident = alarmed(ws)
    first = approved(ws, incident)
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    told = {row["trigger"]: row["permission"] for row in explain_action(ws, "change_wheel", now=NOW)["permissions"]}
    assert told["quiet"] == expected
    if quiet == "auto":
        assert carry_out(ws, first.hash, now=NOW).status == "done"
        return
    with pytest.raises(QuietAlarmError):
        carry_out(ws, first.hash, now=NOW)
    decision = decide(ws, incident.id, Request(), now=LATER)
    assert (decision.proposal.permission.value if decision.proposal else "deny") == expected
    if quiet == "observe":
        assert decision.skipped[0]["limit"] == "autonomy"


def test_a_window_of_which_the_loss_is_not_known_yet_says_nothing(ws: Workspace) -> None:
    incident = alarmed(ws)
    batch = observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    seen = ws.ledger.assessment(batch.id)
    assert seen is not None
    ws.ledger.record_assessment(batch, replace(seen, not_knowable=("60 labels would decide it.",)))
    assert quiet_alarm(ws, incident, None, "change_wheel") is None
    ws.ledger.record_assessment(batch, seen)
    assert quiet_alarm(ws, incident, None, "change_wheel") is not None


def test_an_action_on_a_window_is_judged_by_that_window(ws: Workspace) -> None:
    incident = alarmed(ws, Cause.DATA_CORRUPTION, "quarantine")
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    assert quiet_alarm(ws, incident, None, "quarantine") is None
    assert quiet_alarm(ws, incident, None, "change_wheel") is not None
    observe(ws, 3, outcome="healthy", cause=Cause.HEALTHY)  # it was delivered anew, and is sound
    quiet = quiet_alarm(ws, incident, None, "quarantine")
    assert quiet is not None
    assert quiet.window == incident.window


def test_a_deployment_is_asked_about_again_as_a_deployment(ws: Workspace) -> None:
    incident = alarmed(ws)
    params = {"version": "2", "gate": {"champion": "1"}}
    deployment = propose(ws, incident.id, "deploy", params, "AUC +0.02", "It passed the gate.", now=NOW)
    approve(ws, deployment)
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    with pytest.raises(QuietAlarmError):
        carry_out(ws, deployment.hash, now=NOW)
    decision = decide(ws, incident.id, Request(), now=LATER)
    assert (decision.path, proposed(decision).params) == ("deploy", params)
    assert question_again(ws.ledger.decisions(incident.id)) == ""


def test_a_batch_that_joins_the_incident_with_another_cause_shows_that(ws: Workspace) -> None:
    incident = alarmed(ws)
    later: Batch = observe(ws, 4, cause=Cause.DATA_CORRUPTION)
    ws.ledger.attach_batch(incident.id, later)
    quiet = quiet_alarm(ws, ws.ledger.incident(incident.id), None, "change_wheel")
    assert quiet is not None
    assert Cause.DATA_CORRUPTION.words in str(quiet)
