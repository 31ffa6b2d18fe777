"""A deployment of which nothing has shown how it does: people are asked, and nothing is called healed meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.execution import ask_to_take_back, carry_out
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.policy import load_policy, policy_of
from airmedic_core.records import Cause, IncidentState, Permission, Proposal
from airmedic_core.workspace import Workspace
from tests.core.remediations import diagnosed
from tests.core.renewals import NOW, POLICIES, approved, champion_and_challenger, copy_of, incident_of

REASON = "None of the 2 new windows could be watched in time."


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    champion_and_challenger(folder)
    return folder


@pytest.fixture
def ws(tmp_path: Path, trained: Path) -> Workspace:
    return copy_of(trained, tmp_path, rollout={"watch_windows": 2})


@pytest.fixture
def deployed(ws: Workspace) -> Proposal:
    proposal = approved(ws, incident_of(ws, 40), "deploy", {"version": "2", "gate": {"champion": "1"}})
    carry_out(ws, proposal.hash, now=NOW)
    return proposal


def answered(ws: Workspace, question: Proposal | None, answer: str) -> Proposal:
    assert question is not None
    ws.ledger.answer_proposal(question.hash, answer, by="bob", at=NOW, channel="airflow")  # type: ignore[arg-type]
    return question


def test_people_are_asked_once_and_nothing_is_healed_meanwhile(ws: Workspace, deployed: Proposal) -> None:
    question = ask_to_take_back(ws, deployed.hash, [REASON], now=NOW)
    assert question is not None
    assert (question.action, question.params["version"], question.params["from_version"]) == ("rollback", "1", "2")
    assert question.reason.startswith("Keep it, or take it back? None of the 2 new windows")
    assert ask_to_take_back(ws, deployed.hash, [REASON], now=NOW) == question
    closed = close_incident(ws, deployed.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "inconclusive")
    assert closed.resolution["summary"].endswith(f"{REASON} It stays in service until somebody decides.")
    assert ws.registry.champion("renewals").version == "2"


def test_a_person_who_rejects_keeps_the_version(ws: Workspace, deployed: Proposal) -> None:
    answered(ws, ask_to_take_back(ws, deployed.hash, [REASON], now=NOW), "reject")
    closed = close_incident(ws, deployed.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "inconclusive")
    assert closed.resolution["summary"].endswith("bob keeps it.")


def test_what_is_taken_back_leaves_the_problem_as_it_was(ws: Workspace, deployed: Proposal) -> None:
    question = answered(ws, ask_to_take_back(ws, deployed.hash, [REASON], now=NOW), "approve")
    assert carry_out(ws, question.hash, now=NOW).status == "done"
    assert ws.registry.champion("renewals").version == "1"
    closed = close_incident(ws, deployed.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.UNDONE, "undone")


def test_where_the_policy_leaves_no_way_back_the_reason_is_on_record(
    ws: Workspace, deployed: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRMEDIC_KILL_SWITCH", "on")
    assert ask_to_take_back(ws, deployed.hash, [REASON], now=NOW) is None
    assert "It cannot be taken back: The kill switch" in ws.ledger.decisions(deployed.incident_id)[-1]["reason"]
    closed = close_incident(ws, deployed.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "inconclusive")


def test_people_are_asked_also_where_the_policy_trusts_the_cause(tmp_path: Path, trained: Path) -> None:
    ws = copy_of(trained, tmp_path, rollout={"watch_windows": 2}, policy="verified")
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain", number=40)
    proposal = approved(ws, incident, "deploy", {"version": "2", "gate": {"champion": "1"}})
    carry_out(ws, proposal.hash, now=NOW)
    assert policy_of(ws).permission("rollback", "production", "verified") is Permission.AUTO
    question = ask_to_take_back(ws, proposal.hash, [REASON], now=NOW)
    assert question is not None
    assert (question.action, question.permission) == ("rollback", Permission.ASK)
    assert "People are asked all the same" in question.reason
    assert ws.ledger.approvals(question.hash) == []


def test_no_policy_that_is_shipped_ends_or_promotes_a_trial_without_asking() -> None:
    for named in ("default", "verified"):
        policy = load_policy(POLICIES, named)
        for action in ("end_trial", "promote_trial", "deploy"):
            assert policy.permission(action, "production", "verified") is Permission.ASK
