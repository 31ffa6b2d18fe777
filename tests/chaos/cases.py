"""What is carried out while processes are killed: one approved proposal for each action, and what must come of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from airmedic_core.execution import carry_out
from airmedic_core.records import GateResult, Proposal, to_json
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.chaos.case import Case, Effects, overridden, planned, served_by, trained, undone
from tests.chaos.cases_of_people import OF_PEOPLE
from tests.chaos.cases_of_rows import OF_ROWS
from tests.chaos.cases_of_trials import OF_TRIALS
from tests.core.renewals import NOW, approved, day, incident_of


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


def _reference(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    window = ws.registry.reference(ws.registry.champion(ws.spec.name)).window
    return {"moved": window is not None and window.end > day(31)}


def _nothing(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    return {"champion": ws.registry.champion(ws.spec.name).version}


ONE_NEW_VERSION = {"versions": 1, "champion": "1", "challenger": "2"}

CASES: dict[str, Case] = {
    "rollback": Case(_rollback, served_by, {"champion": "1", "switches": 1}, ("1",), writes_to_mlflow=True),
    "deploy": Case(_deployment, served_by, {"champion": "2", "switches": 1}, ("2",), writes_to_mlflow=True),
    "undo_deployment": Case(
        _deployed, served_by, {"champion": "1", "switches": 2}, ("1",), True, act=undone, ends_as="undone"
    ),
    "quarantine": Case(planned("quarantine"), overridden("quarantine"), {"holds": 1, "written": 1}),
    "change_setting": Case(_setting, overridden("setting"), {"holds": 1, "written": 1}),
    "refresh_reference": Case(planned("refresh_reference", 45), _reference, {"moved": True}, writes_to_mlflow=True),
    "hold": Case(planned("hold"), _nothing, {"champion": "1"}),
    "escalate": Case(planned("escalate"), _nothing, {"champion": "1"}),
    "retrain": Case(planned("retrain"), trained, ONE_NEW_VERSION, writes_to_mlflow=True),
    "recalibrate": Case(planned("recalibrate"), trained, ONE_NEW_VERSION, writes_to_mlflow=True),
    **OF_PEOPLE,
    **OF_ROWS,
    **OF_TRIALS,
}
