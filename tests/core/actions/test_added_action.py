"""An action that an installed package adds goes the whole way without a line of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.actions import ACTIONS, choices, infinitive
from airmedic_core.actions import Path as RemediationPath
from airmedic_core.decide import Request, decide
from airmedic_core.errors import SpecError
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import close_incident, request_incident
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Incident,
    IncidentState,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.core.packages import Install, forget
from tests.core.renewals import NOW, incident_of, renewals, workspace

SCALE = """
from airmedic_core.actions import Action
from airmedic_core.records import Cause


class AddReplicas(Action):
    description = "Adds replicas."
    changes_production = True
    choice = "Add replicas"
    replicas = 1

    def called_for(self, ws, incident, diagnosis):
        return diagnosis.cause is Cause.LATENCY_REGRESSION

    def plan(self, ws, incident, diagnosis):
        return {"replicas": 3}, "Latency falls below its limit."

    def dry_run(self, ws, params):
        return f"{params['replicas']} replicas would serve."

    def apply(self, ws, proposal, now):
        AddReplicas.replicas = proposal.params["replicas"]
        return {"summary": "3 replicas serve."}

    def verify(self, ws, proposal, output):
        return [] if AddReplicas.replicas == 3 else ["Nobody scaled."]

    def undo(self, ws, proposal, snapshot, now):
        AddReplicas.replicas = 1
        return "One replica serves."
"""
BROKEN = "raise RuntimeError('no such cluster')"


@pytest.fixture
def installed(install: Install) -> None:
    """A package with the action ``add_replicas``, and one whose action cannot be imported."""
    install("airmedic-scale", SCALE, {"airmedic.actions": {"add_replicas": "airmedic_scale:AddReplicas"}})
    install("airmedic-broken", BROKEN, {"airmedic.actions": {"broken": "airmedic_broken:Broken"}})


@pytest.fixture
def ws(tmp_path: Path, installed: None) -> Workspace:
    ws = workspace(tmp_path, renewals(days=5, per_day=5))
    (tmp_path / "policies").unlink()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.yaml").write_text("permissions: [{actions: [add_replicas], permission: ask}]")
    return ws


def slow(ws: Workspace) -> Incident:
    incident = incident_of(ws, 3, Cause.LATENCY_REGRESSION)
    ranked = (RankedCause(Cause.LATENCY_REGRESSION, 0.9),)
    hand_over = (RecommendedAction("escalate", 1, "Serving needs more capacity."),)
    diagnosis = Diagnosis(incident.id, "rules", ranked, Severity.MEDIUM, "It is slow.", hand_over, "0" * 64)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    return incident


def test_it_is_proposed_approved_carried_out_and_judged(ws: Workspace) -> None:
    incident = slow(ws)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.path is RemediationPath.CHANGE
    assert decision.proposal is not None
    assert decision.proposal.action == "add_replicas"
    ws.ledger.answer_proposal(decision.proposal.hash, "approve", by="ada", at=NOW, channel="airflow")
    assert carry_out(ws, decision.proposal.hash, now=NOW).status == "done"
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.RESOLVED, "changed")


def test_people_can_ask_for_it(ws: Workspace) -> None:
    assert choices()["add_replicas"] == "Add replicas"
    asked = request_incident(ws, Request("add_replicas", by="ada"), "manual__1", now=NOW)
    decision = decide(ws, asked.id, Request("add_replicas", by="ada"), now=NOW)
    assert decision.proposal is not None
    assert (decision.proposal.action, infinitive("add_replicas")) == ("add_replicas", "add replicas")


@pytest.mark.parametrize("path", [RemediationPath.DEPLOY, RemediationPath.RERUN])
def test_one_on_a_path_that_follows_something_is_passed_over(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, path: RemediationPath
) -> None:
    monkeypatch.setattr(ACTIONS.member("add_replicas"), "path", path)
    decision = decide(ws, slow(ws).id, Request(), now=NOW)
    assert decision.path.begins
    assert decision.proposal is None or decision.proposal.action != "add_replicas"
    assert {"action": "add_replicas", "limit": "path"}.items() <= decision.skipped[0].items()


@pytest.mark.usefixtures("installed")
def test_one_that_cannot_be_imported_is_left_out() -> None:
    assert "broken" in ACTIONS.names()
    assert "broken" not in choices()


def test_what_people_may_not_choose_is_refused_and_the_closest_is_named() -> None:
    with pytest.raises(SpecError, match="Did you mean 'rollback'"):
        Request("rolback")
    with pytest.raises(SpecError, match="not one of the actions that can be asked for"):
        Request("deploy")


def test_an_outcome_of_an_action_whose_package_is_gone_is_left_to_people(ws: Workspace, tmp_path: Path) -> None:
    incident = slow(ws)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None
    ws.ledger.answer_proposal(decision.proposal.hash, "approve", by="ada", at=NOW, channel="airflow")
    carry_out(ws, decision.proposal.hash, now=NOW)
    (tmp_path / "site" / "airmedic_scale-1.0.dist-info" / "entry_points.txt").write_text("")
    forget()
    closed = close_incident(ws, incident.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "failed")
