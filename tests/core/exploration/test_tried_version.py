"""What becomes of a version that was trained in the shadow, once people are asked about a training."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Request, decide
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.execution import carry_out, gate_challenger
from airmedic_core.incident_lifecycle import open_incident
from airmedic_core.records import Cause, Proposal, Role, Verdict
from airmedic_core.registry.versions import CHALLENGER
from airmedic_core.training import fit
from airmedic_core.training import trial as shadow
from airmedic_core.training.data_window import DATA_WINDOW
from airmedic_core.workspace import Workspace
from tests.core.exploration.shadow_trials import by_chance, proposed, related_otherwise, trial_of, watched
from tests.core.monitor.conftest import change_days
from tests.core.renewals import NOW, approved


def approve(ws: Workspace, proposal: Proposal) -> None:
    ws.ledger.answer_proposal(proposal.hash, "approve", by="ada", at=datetime.now(UTC), channel="airflow")


def test_a_loss_is_tried_and_what_helps_stands_in_the_evidence_and_in_the_proposal(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, assessment = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    assert (trial.role, trial.verdict) == (Role.TRIAL, Verdict.ALERT)
    assert trial.effect is not None
    # More than the gate's margin, which lets 0.01 pass as nothing.
    assert trial.effect > 0.01
    assert trial.details["low"] > 0
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.CONCEPT_DRIFT)
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    packet = collect_evidence(ws, incident.id)
    (item,) = [item for item in packet.items if item.kind == "finding.trial"]
    assert item.statement == trial.message
    diagnosis = diagnose(ws, incident.id)
    assert item.id in diagnosis.causes[0].supporting
    proposal = decide(ws, incident.id, Request(), now=datetime.now(UTC)).proposal
    assert proposal is not None
    assert proposal.action == "retrain"
    assert trial.message in proposal.expected
    assert ws.ledger.audit_problems()[0] == []


def test_an_approved_training_takes_up_what_was_tried(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial, proposal = trial_of(ws, batch), proposed(ws, batch)
    assert trial is not None
    assert proposal is not None
    count = len(ws.registry.versions("renewals"))
    approve(ws, proposal)
    result = carry_out(ws, proposal.hash, now=datetime.now(UTC))
    assert (result.status, result.output["version"]) == ("done", trial.details["tried"])
    assert len(ws.registry.versions("renewals")) == count
    named = ws.registry.by_alias("renewals", CHALLENGER)
    assert named is not None
    assert named.version == trial.details["tried"]
    assert fit.TRIED not in named.tags
    gate, deployment = gate_challenger(ws, proposal.incident_id, proposal.hash, now=datetime.now(UTC))
    assert (gate.outcome, gate.challenger) == ("passed", trial.details["tried"])
    assert gate.difference == pytest.approx(trial.effect)
    assert deployment is not None


def test_where_the_rows_have_changed_since_it_is_trained_anew(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial, proposal = trial_of(ws, batch), proposed(ws, batch)
    assert trial is not None
    assert proposal is not None
    change_days(ws, 41, 41, lambda rows: rows.assign(tenure=rows["tenure"] + 0.01))
    approve(ws, proposal)
    result = carry_out(ws, proposal.hash, now=datetime.now(UTC))
    assert result.output["version"] != trial.details["tried"]
    trained = ws.registry.version("renewals", result.output["version"])
    assert trained.tags[DATA_WINDOW] != proposal.params[DATA_WINDOW]


def test_what_was_tried_beside_another_champion_is_planned_anew(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    ws.registry.switch(
        "renewals", trial.details["tried"], kind="manual", by="eve", expected=("1",), now=datetime.now(UTC)
    )
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    params, _ = ACTIONS.member("retrain").plan(ws, incident, None)
    assert "tried" not in params


def test_where_training_is_futile_nobody_is_asked_to_approve_it(ws: Workspace) -> None:
    change_days(ws, 40, 59, by_chance)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    assert trial.verdict is Verdict.OK
    proposal = proposed(ws, batch)
    assert proposal is None or proposal.action == "escalate"


def test_where_the_version_that_was_tried_is_deleted_it_is_trained_anew(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial, proposal = trial_of(ws, batch), proposed(ws, batch)
    assert trial is not None
    assert proposal is not None
    approve(ws, proposal)
    ws.registry.client.delete_model_version("renewals", trial.details["tried"])
    result = carry_out(ws, proposal.hash, now=datetime.now(UTC))
    assert result.status == "done"
    assert result.output["version"] != trial.details["tried"]


def test_the_improved_training_does_not_take_up_what_was_refused(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    # What was tried and helps is the training on the whole window, as the improved one is: their rows are the same.
    tried = shadow.try_training(ws, next(reversed([*shadow.plans(ws.spec, trial.details["plan"])])))
    version = tried.version
    params = {**tried.plan, DATA_WINDOW: version.tags[DATA_WINDOW], "tried": version.version}
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    first = approved(ws, incident, "retrain", params)
    done = carry_out(ws, first.hash, now=NOW)
    assert done.output["version"] == version.version
    again = ACTIONS.member("retrain").again(ws, first, done, NOW)
    assert again.output["version"] != version.version
