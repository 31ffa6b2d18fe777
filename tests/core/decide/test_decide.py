"""Which way a diagnosed incident goes, and what is asked of people on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.decide import Request, decide, propose
from airmedic_core.decide.in_words import changes
from airmedic_core.decide.kill_switch import KILL_SWITCH
from airmedic_core.errors import PolicyError
from airmedic_core.records import (
    Batch,
    Cause,
    IncidentState,
    Permission,
)
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.decide.conftest import ROWS
from tests.core.remediations import diagnosed
from tests.core.renewals import NOW, day, observe, renewals, workspace


@pytest.mark.parametrize(
    ("cause", "actions", "path", "action", "permission"),
    [
        (Cause.DATA_CORRUPTION, ["quarantine", ("rerun_pipeline", "if")], "quarantine", "quarantine", Permission.AUTO),
        (Cause.UNIT_CHANGE, ["hold", ("quarantine", "if"), "escalate"], "quarantine", "quarantine", Permission.AUTO),
        (Cause.SCHEMA_CHANGE, ["hold", "escalate"], "quarantine", "quarantine", Permission.AUTO),
        (Cause.VOLUME_ANOMALY, ["hold", ("rerun_pipeline", "if")], "recommend", "hold", Permission.AUTO),
        (Cause.STALE_DATA, ["hold", ("escalate", "if")], "recommend", "hold", Permission.AUTO),
        (
            Cause.CONCEPT_DRIFT,
            ["retrain", ("rollback", "if"), ("escalate", "if")],
            "retrain",
            "retrain",
            Permission.ASK,
        ),
        (Cause.HARMFUL_COVARIATE_SHIFT, ["retrain"], "retrain", "retrain", Permission.ASK),
        (Cause.ANOMALY_SPIKE, ["escalate", ("quarantine", "if")], "escalate", "escalate", Permission.AUTO),
        (Cause.UNKNOWN, ["escalate"], "escalate", "escalate", Permission.AUTO),
        (Cause.UNKNOWN, ["escalate", "retrain"], "escalate", "escalate", Permission.AUTO),
        (Cause.HEALTHY, [], "escalate", "escalate", Permission.AUTO),
    ],
)
def test_a_cause_goes_its_way(
    ws: Workspace, cause: Cause, actions: list[Any], path: str, action: str, permission: Permission
) -> None:
    incident = diagnosed(ws, cause, *actions)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None
    assert (decision.path, decision.proposal.action, decision.proposal.permission) == (path, action, permission)
    assert ws.ledger.proposals(incident.id) == [decision.proposal]
    (recorded,) = ws.ledger.decisions(incident.id)
    assert (recorded["path"], recorded["proposal_hash"]) == (path, decision.proposal.hash)
    asks = permission is Permission.ASK
    assert (ws.ledger.incident(incident.id).state is IncidentState.AWAITING_APPROVAL) is asks
    assert [answer.channel for answer in ws.ledger.approvals(decision.proposal.hash)] == ([] if asks else ["policy"])


@pytest.mark.parametrize("method", ["recalibrate", "retrain"])
def test_a_changed_class_mix_is_calibrated_again_or_trained_in_full(method: str, tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(days=40, per_day=30))
    adopt(ws, by="anna")  # whether its answers can be calibrated is asked of the champion itself
    decision = decide(ws, diagnosed(ws, Cause.LABEL_SHIFT, method, number=39).id, Request(), now=NOW)
    assert decision.proposal is not None
    # A training is what is left where a calibration was refused: it must not be the calibration again.
    expected = {"recalibrate": "recalibrate", "retrain": ws.spec.retrain.using}[method]
    assert (decision.path, decision.proposal.params["method"]) == ("retrain", expected)
    assert changes(decision.proposal)[0].startswith("A new version is")


def test_no_calibration_is_proposed_on_rows_that_the_champion_was_fitted_on(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(days=40, per_day=30))
    adopt(ws, by="anna")
    decision = decide(ws, diagnosed(ws, Cause.LABEL_SHIFT, "recalibrate", "retrain").id, Request(), now=NOW)
    assert decision.proposal is not None
    assert decision.proposal.action == "retrain"
    (skipped,) = decision.skipped
    assert "are newer than those that the champion of 'renewals' was fitted on" in skipped["reason"]


def test_an_unverified_cause_is_asked_about_before_its_batch_is_quarantined(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine", status="unverified")
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None
    assert (decision.path, decision.proposal.permission) == ("change", Permission.ASK)


@pytest.mark.parametrize(("confidence", "permission"), [(0.69, Permission.ASK), (0.7, Permission.AUTO)])
def test_the_confidence_of_a_language_model_can_only_lower_autonomy(
    ws: Workspace, confidence: float, permission: Permission
) -> None:
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine", engine="claude", confidence=confidence)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None
    assert decision.proposal.permission is permission


def test_full_confidence_does_not_raise_what_the_policy_asks_about(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain", engine="claude", confidence=1.0)
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.proposal is not None
    assert decision.proposal.permission is Permission.ASK


def test_what_is_passed_over_is_recorded_with_the_reason_and_the_next_is_taken(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.BAD_DEPLOYMENT, "rollback", "retrain", "format_disk")
    decision = decide(ws, incident.id, Request(), now=NOW)
    assert decision.path == "retrain", "there is no champion to roll back"
    (skipped,) = ws.ledger.decisions(incident.id)[0]["skipped"]
    assert (skipped["action"], skipped["limit"]) == ("rollback", "plan")
    assert "No version of 'renewals' carries the alias 'champion'" in skipped["reason"]
    assert "Passed over: rollback" in decision.reason


def test_under_a_freeze_people_decide(ws: Workspace) -> None:
    ws.ledger.set_override("renewals", "freeze", "release", {}, author="ada", reason="release week")
    decision = decide(ws, diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain").id, Request(), now=NOW)
    assert decision.path == "escalate"
    assert decision.skipped == ({"action": "retrain", "limit": "freeze", "reason": "ada froze changes: release week."},)


def test_the_kill_switch_leaves_everything_to_people(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KILL_SWITCH, "1")
    decision = decide(ws, diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine").id, Request(), now=NOW)
    assert (decision.path, decision.skipped[0]["limit"]) == ("escalate", "kill_switch")


def test_an_action_that_the_policy_only_recommends_is_shown_and_cannot_be_approved(
    ws: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "policies").unlink()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.yaml").write_text("permissions: [{actions: [retrain], permission: recommend}]")
    decision = decide(ws, diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain").id, Request(), now=NOW)
    assert decision.path == "recommend"
    assert decision.proposal is not None
    answer = ws.ledger.answer_proposal(decision.proposal.hash, "approve", by="ada", at=NOW, channel="airflow")
    assert "not to be carried out" in answer.refused_because


def test_where_the_policy_covers_nothing_nothing_is_proposed(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "policies").unlink()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.yaml").write_text("permissions: []")
    decision = decide(ws, diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain").id, Request(), now=NOW)
    assert (decision.path, decision.proposal) == ("recommend", None)
    assert [skipped["limit"] for skipped in decision.skipped] == ["policy", "policy"]


def test_decided_twice_is_decided_once(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    first = decide(ws, incident.id, Request(), now=NOW)
    assert first.proposal is not None
    again = decide(ws, incident.id, Request(), now=NOW + timedelta(minutes=5))
    assert again.proposal is not None
    assert again.proposal.hash == first.proposal.hash
    assert again.proposal.expires_at == first.proposal.expires_at
    ws.ledger.answer_proposal(first.proposal.hash, "approve", by="ada", at=NOW, channel="airflow")
    ws.ledger.begin_action(first.proposal, {}, now=NOW)
    assert decide(ws, incident.id, Request(), now=NOW + timedelta(days=3)).proposal == again.proposal


def test_a_quarantined_batch_is_asked_for_again_where_the_pipeline_is_known(tmp_path: Path) -> None:
    ws = workspace(tmp_path, ROWS, upstream_dag="load_renewals")
    decision = decide(ws, diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine").id, Request(), now=NOW)
    assert decision.follow_up is not None
    assert (decision.follow_up.action, decision.follow_up.permission) == ("rerun_pipeline", Permission.ASK)
    assert decision.follow_up.params["dag_id"] == "load_renewals"


@pytest.mark.parametrize(("version_before", "first_tried"), [("1", "rollback"), ("2", "escalate")])
def test_slowness_that_came_with_a_version_goes_back_to_the_one_before(
    ws: Workspace, version_before: str, first_tried: str
) -> None:
    incident = diagnosed(ws, Cause.LATENCY_REGRESSION, "escalate", ("rollback", "if the version is new"))
    for number, version in ((2, version_before), (3, "2")):
        seen = observe(ws, number, cause=Cause.LATENCY_REGRESSION)
        ws.ledger.record_batch(replace(seen, rows=61), model_version=version)
    decision = decide(ws, incident.id, Request(), now=NOW)
    tried = [skipped["action"] for skipped in decision.skipped] + [decision.path]
    assert tried[0] == first_tried


def test_a_further_proposal_goes_through_policy_and_limits_too(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    proposal = propose(ws, incident.id, "deploy", {"version": "2"}, "AUC +0.02", "It passed the gate.", now=NOW)
    assert proposal.permission is Permission.ASK
    assert proposal.reason.startswith("It passed the gate. The policy for production wants an approval")
    ws.ledger.set_override("renewals", "kill_switch", "all", {}, author="ada", reason="stop")
    with pytest.raises(PolicyError, match="kill switch"):
        propose(ws, incident.id, "deploy", {"version": "3"}, "AUC +0.02", "It passed the gate.", now=NOW)
    assert ws.ledger.decisions(incident.id)[-1]["skipped"][0]["limit"] == "kill_switch"


def test_the_environment_of_the_spec_comes_before_that_of_the_installation(tmp_path: Path) -> None:
    ws = workspace(tmp_path, ROWS, environment="simulation")
    earlier: Batch = observe(ws, 1)
    assert earlier.window.start == day(1)
    decision = decide(ws, diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain").id, Request(), now=NOW)
    assert decision.proposal is not None
    assert "The policy for simulation wants an approval" in decision.proposal.reason
