"""What comes of an incident: closed with what the ledger holds of its remedy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.decide import Request, decide, propose
from airmedic_core.errors import NoChampionError, PolicyError
from airmedic_core.execution import carry_out, gate_challenger, undo
from airmedic_core.incident_lifecycle import close_incident, request_incident
from airmedic_core.records import (
    ActionResult,
    Cause,
    Incident,
    IncidentState,
    Permission,
    Promotion,
    Proposal,
)
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.remediations import approve, diagnosed, proposed
from tests.core.renewals import NOW, incident_of, observe, renewals, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=5, per_day=5))


def test_a_quarantined_window_is_contained_and_the_times_are_told(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine")
    decision = decide(ws, incident.id, Request(), now=NOW + timedelta(seconds=5))
    carry_out(ws, proposed(decision).hash, now=NOW + timedelta(seconds=6))
    closed = close_incident(ws, incident.id, now=NOW + timedelta(seconds=10))
    assert (closed.state, closed.cause) == (IncidentState.RESOLVED, Cause.DATA_CORRUPTION)
    told = closed.resolution
    assert (told["action"], told["outcome"], told["approved_by"]) == ("quarantine", "contained", ["policy"])
    assert (told["seconds_to_request"], told["seconds_to_approval"], told["seconds_total"]) == (5, 0, 10)
    assert "seconds_to_done" in told
    assert close_incident(ws, incident.id, now=NOW + timedelta(days=9)) == closed


def test_a_window_whose_mark_is_gone_is_not_contained(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine")
    carry_out(ws, proposed(decide(ws, incident.id, Request(), now=NOW)).hash, now=NOW)
    ws.ledger.revoke_override("renewals", "quarantine", incident.window.key, author="eve")
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "failed")


def test_a_rejected_proposal_ends_rejected_with_the_words_of_who_did(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    approve(ws, proposed(decide(ws, incident.id, Request(), now=NOW)), answer="reject")
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.REJECTED, "rejected")
    assert closed.resolution["summary"] == "ada rejected retrain: why"


@pytest.mark.parametrize(
    ("days", "state"), [(2, IncidentState.REJECTED), (0, IncidentState.ESCALATED)], ids=["in time", "cut short"]
)
def test_a_proposal_that_nobody_answers_changes_nothing(ws: Workspace, days: int, state: IncidentState) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    decide(ws, incident.id, Request(), now=NOW)
    closed = close_incident(ws, incident.id, now=NOW + timedelta(days=days))
    assert (closed.state, closed.resolution["outcome"]) == (state, "unanswered")


def test_an_approved_action_that_never_began_is_left_to_people(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    approve(ws, proposed(decide(ws, incident.id, Request(), now=NOW)))
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "failed")


def test_an_action_that_was_cut_off_is_left_to_people(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    proposal = proposed(decide(ws, incident.id, Request(), now=NOW))
    approve(ws, proposal)
    ws.ledger.begin_action(proposal, {})
    assert ws.ledger.incident(incident.id).state is IncidentState.ACTING
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["summary"]) == (
        IncidentState.ESCALATED,
        "retrain began and was cut off before its end.",
    )


def test_a_failed_action_is_left_to_people(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    proposal = proposed(decide(ws, incident.id, Request(), now=NOW))
    approve(ws, proposal)
    with pytest.raises(NoChampionError):
        carry_out(ws, proposal.hash, now=NOW)
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "failed")


@pytest.mark.parametrize(
    ("cause", "action", "request_", "state", "outcome"),
    [
        (Cause.UNKNOWN, "escalate", Request(), IncidentState.ESCALATED, "escalated"),
        (Cause.VOLUME_ANOMALY, "hold", Request(), IncidentState.ESCALATED, "recommended"),
        (Cause.CONCEPT_DRIFT, "retrain", Request(dry_run=True), IncidentState.RESOLVED, "dry_run"),
    ],
)
def test_what_is_left_to_people_ends_so(
    ws: Workspace, cause: Cause, action: str, request_: Request, state: IncidentState, outcome: str
) -> None:
    incident = diagnosed(ws, cause, action)
    decide(ws, incident.id, request_, now=NOW)
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (state, outcome)


def test_an_incident_that_ended_before_a_decision_is_left_to_people(ws: Workspace) -> None:
    closed = close_incident(ws, incident_of(ws, 3).id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "undecided")


def test_a_rollback_without_a_promotion_is_not_believed(ws: Workspace) -> None:
    incident = incident_of(ws, 3)
    proposal = Proposal(
        incident.id, "renewals", "rollback", {"version": "1"}, "", Permission.ASK, "", NOW, NOW + timedelta(days=1)
    )
    ws.ledger.record_proposal(proposal)
    approve(ws, proposal)
    ws.ledger.begin_action(proposal, {})
    ws.ledger.finish_action(ActionResult(proposal.hash, "rollback", "done", "Version 1 serves.", 1.0))
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "failed")


# The whole way, with a real registry and real training


@dataclass(frozen=True)
class Healed:
    ws: Workspace
    incident: Incident
    deployment: Proposal


@pytest.fixture(scope="module")
def healed(tmp_path_factory: pytest.TempPathFactory) -> Healed:
    """A model whose relation changed, retrained, gated and deployed."""
    ws = workspace(tmp_path_factory.mktemp("healed"), renewals(days=70, per_day=60, changed_on=34))
    adopt(ws, by="ada")
    for number in range(36, 60):
        observe(ws, number, outcome="watch")
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain", number=60)
    retraining = proposed(decide(ws, incident.id, Request(), now=NOW))
    approve(ws, retraining)
    carry_out(ws, retraining.hash, now=NOW)
    _, deployment = gate_challenger(ws, incident.id, retraining.hash, now=NOW)
    assert deployment is not None
    approve(ws, deployment)
    carry_out(ws, deployment.hash, now=NOW)
    return Healed(ws, close_incident(ws, incident.id, now=NOW + timedelta(minutes=5)), deployment)


def test_a_deployment_that_serves_has_healed_and_the_gate_says_by_how_much(healed: Healed) -> None:
    told = healed.incident.resolution
    assert healed.incident.state is IncidentState.RESOLVED
    assert (told["action"], told["outcome"], told["metric"]) == ("deploy", "healed", "roc_auc")
    assert told["before"] < 0.5 < told["after"]
    gate = healed.deployment.params["gate"]
    assert (told["before"], told["after"]) == (gate["champion_value"], gate["challenger_value"])
    assert (told["approved_by"], told["seconds_to_approval"]) == (["ada"], 60)


def test_a_rollback_after_which_the_metric_fell_has_resolved_nothing(healed: Healed) -> None:
    ws = healed.ws
    request = Request("rollback", "try it", "ada", override="the auditors want it")
    asked = request_incident(ws, request, "manual__1", now=NOW)
    decision = decide(ws, asked.id, request, now=NOW)
    assert decision.path == "rollback"
    approve(ws, proposed(decision))
    carry_out(ws, proposed(decision).hash, now=NOW)
    closed = close_incident(ws, asked.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "worse")
    assert closed.resolution["summary"].endswith("AUC fell, so that nothing is resolved.")
    # The version before does not know the changed relation, so on the newest batch it is the worse one.
    assert closed.resolution["after"] < 0.5 < closed.resolution["before"]


def test_a_deployment_that_is_undone_or_replaced_has_not_healed(healed: Healed) -> None:
    ws = healed.ws
    reopened = replace(healed.incident, id="again", state=IncidentState.VERIFYING, closed_at=None, resolution={})
    ws.ledger.open_incident(reopened)
    deployment = replace(healed.deployment, incident_id="again")
    ws.ledger.record_proposal(deployment)
    approve(ws, deployment)
    carry_out(ws, deployment.hash, now=NOW + timedelta(minutes=1))
    undo(ws, deployment.hash, now=NOW + timedelta(minutes=2))
    closed = close_incident(ws, "again", now=NOW + timedelta(minutes=5))
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.UNDONE, "undone")


def deployed(ws: Workspace) -> Incident:
    incident = incident_of(ws, 3)
    proposal = Proposal(
        incident.id, "renewals", "deploy", {"version": "2"}, "", Permission.ASK, "", NOW, NOW + timedelta(days=1)
    )
    ws.ledger.record_proposal(proposal)
    approve(ws, proposal)
    ws.ledger.begin_action(proposal, {})
    ws.ledger.finish_action(ActionResult(proposal.hash, "deploy", "done", "Version 2 serves.", 1.0))
    ws.ledger.record_promotion(Promotion("renewals", "1", "2", "deploy", NOW, "ada", proposal.hash))
    return incident


def test_a_challenger_that_passed_and_may_not_be_deployed_was_not_refused(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    retraining = proposed(decide(ws, incident.id, Request(), now=NOW))
    approve(ws, retraining)
    ws.ledger.begin_action(retraining, {})
    ws.ledger.finish_action(ActionResult(retraining.hash, "retrain", "done", "Version 2 is trained.", 1.0))
    ws.ledger.set_override("renewals", "freeze", "release", {}, author="bob", reason="release week")
    with pytest.raises(PolicyError):
        propose(ws, incident.id, "deploy", {"version": "2"}, "AUC +0.02", "It passed.", now=NOW)
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "recommended")
    assert "has passed the gate, and is not deployed: bob froze changes" in closed.resolution["summary"]


def test_a_deployment_that_could_not_be_watched_has_not_healed(ws: Workspace) -> None:
    closed = close_incident(ws, deployed(ws).id, now=NOW, failed=["watch_deployment"])
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "failed")
    assert "watch_deployment failed" in closed.resolution["summary"]


def test_a_version_switched_by_hand_after_a_deployment_is_noticed_on_closing(ws: Workspace) -> None:
    incident = deployed(ws)
    ws.ledger.record_promotion(Promotion("renewals", "2", "7", "manual", NOW + timedelta(hours=1), "eve"))
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.UNDONE, "undone")
    assert "the champion is 7" in closed.resolution["summary"]
