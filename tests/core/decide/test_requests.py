"""What a person asks for: an action, a dry run, or a diagnosis alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.decide import Request, decide, propose
from airmedic_core.errors import LedgerError, PolicyError
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import request_incident
from airmedic_core.records import (
    Cause,
    IncidentState,
    Permission,
)
from airmedic_core.workspace import Workspace
from tests.core.remediations import diagnosed
from tests.core.renewals import NOW, incident_of, observe


def test_a_persons_choice_comes_before_the_diagnosis(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain", status="unverified")
    decision = decide(ws, incident.id, Request("quarantine", "I know these rows", "ada"), now=NOW)
    assert decision.proposal is not None
    assert (decision.path, decision.proposal.permission) == ("change", Permission.ASK)
    assert decision.reason.startswith("ada chose quarantine: I know these rows.")
    assert "separation" not in decision.reason


@pytest.mark.parametrize("status", ["verified", "unverified"])
def test_a_request_alone_is_not_enough_for_what_needs_a_verified_cause(ws: Workspace, status: str) -> None:
    """The policy quarantines without asking where the cause is verified; a request adds nothing to that."""
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine", status=status)
    decision = decide(ws, incident.id, Request("quarantine", "I know these rows", "ada"), now=NOW)
    assert decision.proposal is not None
    assert decision.proposal.permission is (Permission.AUTO if status == "verified" else Permission.ASK)
    assert decision.proposal.vouched_by == ""


def test_a_verified_cause_of_something_else_does_not_stand_behind_a_request(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain", ("quarantine", "if the rows are broken"))
    decision = decide(ws, incident.id, Request("quarantine", by="ada"), now=NOW)
    assert decision.proposal is not None
    assert decision.proposal.permission is Permission.ASK


CAUTIOUS = "permissions: [{actions: [quarantine, hold], cause: verified, permission: PERMISSION}]"


def vouching(ws: Workspace, folder: Path, permission: str, separation: str = "always") -> Workspace:
    (folder / "policies").unlink()
    (folder / "policies").mkdir()
    text = CAUTIOUS.replace("PERMISSION", permission) + f"\nseparation_of_duties: {separation}"
    (folder / "policies" / "default.yaml").write_text(text)
    return ws


@pytest.mark.parametrize("permission", ["auto", "ask", "ask_two"])
def test_a_persons_word_stands_in_for_a_verified_cause_where_others_approve(
    ws: Workspace, tmp_path: Path, permission: str
) -> None:
    incident = incident_of(vouching(ws, tmp_path, permission), 3)
    proposal = decide(ws, incident.id, Request("quarantine", by="ada"), now=NOW).proposal
    assert proposal is not None
    assert proposal.permission.value == permission.replace("auto", "ask")
    assert proposal.vouched_by == "ada"
    assert "ada's word stands in for a verified cause" in proposal.reason
    for name in ("ada", "Ada "):
        own = ws.ledger.answer_proposal(proposal.hash, "approve", by=name, at=NOW, channel="airflow")
        assert "their word stands in for a verified cause" in own.refused_because
    people = ("bob", "eve") if permission == "ask_two" else ("bob",)
    for name in people:
        assert not ws.ledger.answer_proposal(
            proposal.hash, "approve", by=name, at=NOW, channel="airflow"
        ).refused_because
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"


@pytest.mark.parametrize("asks", [Request("quarantine", by="ada"), Request("quarantine")])
def test_it_stands_in_for_nothing_where_one_person_may_do_both(ws: Workspace, tmp_path: Path, asks: Request) -> None:
    separation = "never" if asks.by else "always"  # somebody without a name cannot be told from who approves
    incident = incident_of(vouching(ws, tmp_path, "ask", separation), 3)
    decision = decide(ws, incident.id, asks, now=NOW)
    assert decision.proposal is None
    assert decision.skipped[0]["limit"] == "policy"


def test_what_somebody_has_vouched_for_is_not_begun_on_their_own_approval(ws: Workspace, tmp_path: Path) -> None:
    incident = incident_of(vouching(ws, tmp_path, "ask"), 3)
    proposal = decide(ws, incident.id, Request("quarantine", by="ada"), now=NOW).proposal
    assert proposal is not None
    (tmp_path / "policies" / "default.yaml").write_text("permissions: [{actions: [quarantine], permission: ask}]")
    plain = replace(proposal, vouched_by="", params=proposal.params | {"reason": "b"}, created_at=NOW)
    ws.ledger.record_proposal(plain)
    ws.ledger.record_decision(
        incident.id,
        path="change",
        proposal_hash=plain.hash,
        reason="",
        details={"requested": "quarantine", "requested_by": "ada"},
    )
    ws.ledger.answer_proposal(plain.hash, "approve", by="ada", at=NOW, channel="airflow")
    vouching_text = CAUTIOUS.replace("PERMISSION", "ask") + "\nseparation_of_duties: always"
    (tmp_path / "policies" / "default.yaml").write_text(vouching_text)
    with pytest.raises(PolicyError, match="ada's word"):
        carry_out(ws, plain.hash, now=NOW)


def test_a_persons_choice_does_not_come_before_policy_and_limits(ws: Workspace) -> None:
    ws.ledger.set_override("renewals", "freeze", "release", {}, author="bob", reason="release week")
    decision = decide(ws, incident_of(ws, 3).id, Request("retrain", by="ada"), now=NOW)
    assert (decision.path, decision.skipped[0]["limit"]) == ("escalate", "freeze")


def test_a_choice_without_a_diagnosis_is_planned_all_the_same(ws: Workspace) -> None:
    decision = decide(ws, incident_of(ws, 3).id, Request("retrain", by="ada"), now=NOW)
    assert decision.proposal is not None
    assert (decision.path, decision.proposal.permission) == ("retrain", Permission.ASK)


def test_a_dry_run_changes_nothing_and_says_what_would_happen(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine")
    decision = decide(ws, incident.id, Request(dry_run=True), now=NOW)
    assert decision.path == "recommend"
    assert decision.proposal is not None
    assert decision.proposal.permission is Permission.RECOMMEND
    assert ws.ledger.approvals(decision.proposal.hash) == []
    details = ws.ledger.decisions(incident.id)[0]["details"]
    assert details["would_go"] == "quarantine"
    assert "would be kept out of the training" in details["rehearsal"]


def test_a_dry_run_does_not_follow_a_decision_that_was_approved(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    decided = decide(ws, incident.id, Request(), now=NOW).proposal
    assert decided is not None
    ws.ledger.answer_proposal(decided.hash, "approve", by="ada", at=NOW, channel="airflow")
    ws.ledger.move_incident(incident.id, IncidentState.ESCALATED)
    assert decide(ws, incident.id, Request(), now=NOW).path == "retrain"
    assert decide(ws, incident.id, Request(dry_run=True), now=NOW).path == "recommend"


def test_a_dry_run_leaves_what_people_are_asked_as_it_is(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    asked = decide(ws, incident.id, Request(), now=NOW).proposal
    assert asked is not None
    ws.ledger.attach_batch(incident.id, observe(ws, 4))  # the plan is another one now
    rehearsed = decide(ws, incident.id, Request(dry_run=True), now=NOW + timedelta(minutes=5))
    assert rehearsed.proposal is None
    assert "would be trained" in ws.ledger.decisions(incident.id)[-1]["details"]["rehearsal"]
    assert ws.ledger.proposals(incident.id) == [asked]
    answer = ws.ledger.answer_proposal(asked.hash, "approve", by="ada", at=NOW, channel="airflow")
    assert not answer.refused_because
    assert decide(ws, incident.id, Request(), now=NOW).proposal == asked


def test_another_action_that_a_person_names_is_decided_anew(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    first = decide(ws, incident.id, Request(), now=NOW).proposal
    assert first is not None
    ws.ledger.answer_proposal(first.hash, "approve", by="ada", at=NOW, channel="airflow")
    assert decide(ws, incident.id, Request("retrain", by="ada"), now=NOW).proposal == first
    other = decide(ws, incident.id, Request("quarantine", by="ada"), now=NOW).proposal
    assert other is not None
    assert other.action == "quarantine"
    assert decide(ws, incident.id, Request("quarantine", by="ada"), now=NOW).proposal == other


def test_an_incident_that_has_ended_takes_no_other_action(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    first = decide(ws, incident.id, Request(), now=NOW)
    ws.ledger.move_incident(incident.id, IncidentState.ESCALATED)
    assert decide(ws, incident.id, Request("retrain", by="ada"), now=NOW).proposal == first.proposal
    with pytest.raises(LedgerError, match=r"escalated: rollback cannot be done.*without an incident"):
        decide(ws, incident.id, Request("rollback", by="ada"), now=NOW)


def test_diagnose_only_ends_with_the_recommendation(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    decision = decide(ws, incident.id, Request("diagnose_only", by="ada"), now=NOW)
    assert (decision.path, decision.proposal) == ("recommend", None)
    assert decision.reason == "ada asked for the diagnosis only. The diagnosis recommends retrain."


def test_who_only_asks_to_have_a_look_does_not_vouch_for_a_deployment(ws: Workspace) -> None:
    for action, said in (("automatic", "there is no diagnosis"), ("retrain", "ada asks for it")):
        asked = request_incident(ws, Request(action, by="ada"), f"manual {action}", now=NOW)  # type: ignore[arg-type]
        proposal = propose(ws, asked.id, "deploy", {"version": "2"}, "AUC +0.02", "It passed.", now=NOW)
        assert said in proposal.reason
