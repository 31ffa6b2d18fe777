"""What is carried out while processes are killed: one approved proposal for each action, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airmedic_core.actions import ACTIONS
from airmedic_core.execution import carry_out, undo
from airmedic_core.records import ActionResult, Cause, GateResult, Proposal, to_json
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.chaos.place import Production
from tests.core.renewals import NOW, approved, day, incident_of, observe, renewals, workspace

PROPOSAL_TAG = "airmedic.proposal_hash"


def _carried_out(ws: Workspace, proposal_hash: str) -> ActionResult:
    return carry_out(ws, proposal_hash, now=NOW + timedelta(minutes=1))


def _undone(ws: Workspace, proposal_hash: str) -> ActionResult:
    return undo(ws, proposal_hash, now=NOW + timedelta(minutes=1))


@dataclass(frozen=True)
class Case:
    """One action: how its proposal comes about, and what must hold when it is done."""

    prepare: Callable[[Workspace], Proposal]
    effects: Callable[[Workspace, Proposal], dict[str, Any]]
    """What is in the world because of it …"""
    expected: dict[str, Any]
    """… and what is to be there, once and no more."""
    serves: tuple[str, ...] = ()
    """The versions that come into service on the way, in their order."""
    writes_to_mlflow: bool = False
    act: Callable[[Workspace, str], ActionResult] = _carried_out
    """What each process does with the proposal of this hash …"""
    ends_as: str = "done"
    """… and the status of the action afterwards."""


def prepare(production: Production, case: Case) -> Proposal:
    """Make the production of a case."""
    workspace(production.folder, renewals(changed_on=45))
    ws = production.opened()
    adopt(ws, by="anna")
    for number in range(30, 45):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    return case.prepare(ws)


def problems(ws: Workspace, proposal: Proposal, case: Case) -> list[str]:
    """Return what is not as it must be once an action has been finished by the last of its processes."""
    attempts = ws.ledger.actions(incident_id=proposal.incident_id)
    complaints = [
        f"attempt {attempt.attempt} is {attempt.status}" for attempt in attempts if attempt.status != case.ends_as
    ]
    if len(attempts) != 1:
        complaints.append(f"{len(attempts)} attempts")
    effects = case.effects(ws, proposal)
    complaints += [
        f"{name} is {effects[name]!r}, not {wanted!r}"
        for name, wanted in case.expected.items()
        if effects[name] != wanted
    ]
    for promotion in ws.ledger.promotions(ws.spec.name):
        if promotion.kind not in {"adopt", "manual"} and promotion.at >= NOW:
            approvals = ws.ledger.approvals(promotion.proposal_hash or "")
            if not any(answer.answer == "approve" and not answer.refused_because for answer in approvals):
                complaints.append(f"unapproved: version {promotion.to_version} was promoted")
    return complaints + ws.ledger.audit_problems()[0]


def _planned(action: str, number: int = 50) -> Callable[[Workspace], Proposal]:
    def make(ws: Workspace) -> Proposal:
        incident = incident_of(ws, number)
        return approved(ws, incident, action, ACTIONS.member(action).plan(ws, incident, None)[0])

    return make


def _rollback(ws: Workspace) -> Proposal:
    second = train(ws, Window(day(0), day(40)), day(42), {}).version.version
    ws.registry.switch("renewals", second, kind="deploy", by="anna", expected=("1",), now=NOW - timedelta(days=1))
    return approved(ws, incident_of(ws, 50), "rollback", {"version": "1", "from_version": second})


def _deployment(ws: Workspace) -> Proposal:
    second = train(ws, Window(day(0), day(40)), day(42), {}).version.version
    gate = GateResult("passed", ws.spec.metric, ("Better.",), champion="1", challenger=second)
    return approved(ws, incident_of(ws, 50), "deploy", {"version": second, "gate": to_json(gate)})


def _deployed(ws: Workspace) -> Proposal:
    proposal = _deployment(ws)
    carry_out(ws, proposal.hash, now=NOW)
    return proposal


def _setting(ws: Workspace) -> Proposal:
    return approved(ws, incident_of(ws, 50), "change_setting", {"key": "window.every", "value": "week"})


def _champion(ws: Workspace, proposal: Proposal) -> dict[str, Any]:
    mine = [promotion for promotion in ws.ledger.promotions(ws.spec.name) if promotion.proposal_hash == proposal.hash]
    return {"champion": ws.registry.champion(ws.spec.name).version, "switches": len(mine)}


def _overrides(kind: Any) -> Callable[[Workspace, Proposal], dict[str, Any]]:
    def effects(ws: Workspace, proposal: Proposal) -> dict[str, Any]:
        written = [record for record in ws.ledger.audit_records(subject=ws.spec.name) if record.kind == "override"]
        return {"holds": len(ws.ledger.overrides(ws.spec.name, kind)), "written": len(written)}

    return effects


def _versions(ws: Workspace, proposal: Proposal) -> dict[str, Any]:
    versions = ws.registry.client.search_model_versions(f"name='{ws.spec.name}'")
    mine = [version for version in versions if version.tags.get(PROPOSAL_TAG) == proposal.hash]
    challenger = ws.registry.by_alias(ws.spec.name, "challenger")
    return {
        "versions": len(mine),
        "champion": ws.registry.champion(ws.spec.name).version,
        "challenger": challenger.version if challenger else None,
    }


def _reference(ws: Workspace, proposal: Proposal) -> dict[str, Any]:
    window = ws.registry.reference(ws.registry.champion(ws.spec.name)).window
    return {"moved": window is not None and window.end > day(31)}


def _nothing(ws: Workspace, proposal: Proposal) -> dict[str, Any]:
    return {"champion": ws.registry.champion(ws.spec.name).version}


CASES: dict[str, Case] = {
    "rollback": Case(_rollback, _champion, {"champion": "1", "switches": 1}, ("1",), writes_to_mlflow=True),
    "deploy": Case(_deployment, _champion, {"champion": "2", "switches": 1}, ("2",), writes_to_mlflow=True),
    "undo_deployment": Case(
        _deployed, _champion, {"champion": "1", "switches": 2}, ("1",), True, act=_undone, ends_as="undone"
    ),
    "quarantine": Case(_planned("quarantine"), _overrides("quarantine"), {"holds": 1, "written": 1}),
    "change_setting": Case(_setting, _overrides("setting"), {"holds": 1, "written": 1}),
    "refresh_reference": Case(_planned("refresh_reference", 45), _reference, {"moved": True}, writes_to_mlflow=True),
    "hold": Case(_planned("hold"), _nothing, {"champion": "1"}),
    "escalate": Case(_planned("escalate"), _nothing, {"champion": "1"}),
    "retrain": Case(
        _planned("retrain"), _versions, {"versions": 1, "champion": "1", "challenger": "2"}, writes_to_mlflow=True
    ),
}
