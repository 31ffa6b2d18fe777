"""A training that a trial has done already is not asked about: its deployment is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide.propose import POLICY_AUTHOR, Allowance, Standing, allowed, propose
from airmedic_core.errors import PolicyError
from airmedic_core.execution import carry_out
from airmedic_core.policy import policy_of
from airmedic_core.records import Finding, Incident, Permission, Proposal, Role, Verdict
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.renewals import copy_of, day, incident_of, renewals, workspace


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    adopt(workspace(folder, renewals(changed_on=35)), by="anna")
    return folder


@pytest.fixture
def ws(prepared: Path, tmp_path: Path) -> Workspace:
    ws = copy_of(prepared, tmp_path)
    return replace(ws, settings=replace(ws.settings, environment="simulation"))


def tried(ws: Workspace, incident: Incident, champion: str = "1") -> None:
    """Record that a trial on the incident's newest batch helps."""
    plan = {
        "window_start": day(12).isoformat(), "window_end": day(43).isoformat(), "as_of": day(45).isoformat(),
        "method": "clone", "margin": -0.01,
    }  # fmt: skip
    details = {"tried": "2", "champion": champion, "plan": plan, "as_of": day(45).isoformat()}
    helps = Finding("trial", "batch", "roc_auc", Verdict.ALERT, role=Role.TRIAL, details=details)
    batch = next(seen.batch for seen in ws.ledger.batches("renewals") if seen.batch.id in incident.batch_ids)
    ws.ledger.record_findings(batch, "trial", [helps], model_version="1")


def permission(
    ws: Workspace, incident: Incident, action: str = "retrain", *, by: str = "", **explore: Any
) -> Permission:
    policy = policy_of(ws)
    policy = policy.model_copy(update={"explore": policy.explore.model_copy(update=explore)})
    verdict = allowed(ws, policy, incident, action, Standing.of(None, policy, requested_by=by))
    assert isinstance(verdict, Allowance)
    return verdict.permission


def test_what_a_trial_has_trained_is_taken_up_without_a_question(ws: Workspace) -> None:
    incident = incident_of(ws, 42)
    assert permission(ws, incident) is Permission.ASK
    tried(ws, incident)
    assert permission(ws, incident) is Permission.AUTO
    # What changes production is asked about as before.
    assert permission(ws, incident, "deploy") is Permission.ASK


@pytest.mark.parametrize(
    ("by", "explore"),
    [("ada", {}), ("", {"asks_to_train": True}), ("", {"environments": ()})],
    ids=["a person asks for it", "the policy asks", "nothing may be tried here"],
)
def test_it_is_asked_about_where(ws: Workspace, by: str, explore: dict[str, Any]) -> None:
    incident = incident_of(ws, 42)
    tried(ws, incident)
    assert permission(ws, incident, by=by, **explore) is Permission.ASK


def test_a_trial_beside_another_champion_spares_nobody_the_question(ws: Workspace) -> None:
    incident = incident_of(ws, 42)
    tried(ws, incident, champion="7")
    assert permission(ws, incident) is Permission.ASK


def proposed(ws: Workspace, incident: Incident) -> Proposal:
    params, expected = ACTIONS.member("retrain").plan(ws, incident, None)
    return propose(ws, incident.id, "retrain", params, expected, "It was tried.", now=datetime.now(UTC))


def test_it_is_carried_out_on_the_policy_s_own_approval(ws: Workspace) -> None:
    incident = incident_of(ws, 42)
    tried(ws, incident)
    proposal = proposed(ws, incident)
    assert proposal.permission is Permission.AUTO
    assert "you are asked about what follows" in proposal.reason
    (approval,) = ws.ledger.approvals(proposal.hash)
    assert (approval.by, approval.channel) == (POLICY_AUTHOR, "policy")
    assert carry_out(ws, proposal.hash, now=datetime.now(UTC)).status == "done"


def test_it_stops_where_the_policy_wants_the_question_meanwhile(ws: Workspace) -> None:
    incident = incident_of(ws, 42)
    tried(ws, incident)
    proposal = proposed(ws, incident)
    policies = ws.settings.policies
    text = (policies / "default.yaml").read_text()
    policies.unlink()
    policies.mkdir()
    (policies / "default.yaml").write_text(text.replace("asks_to_train: false", "asks_to_train: true"))
    with pytest.raises(PolicyError, match="wants an approval"):
        carry_out(ws, proposal.hash, now=datetime.now(UTC))
    assert [version.version for version in ws.registry.versions("renewals")] == ["1"]
