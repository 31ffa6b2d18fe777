"""The steps of a version that is tried beside the champion: its beginning, its growth, its promotion and its end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.execution import advance, carry_out, complete
from airmedic_core.records import ActionResult, Cause, Proposal
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.chaos.case import LATER, Case, Effects, planned, undone
from tests.core.renewals import NOW, approved, day, incident_of, observe, renewals

if TYPE_CHECKING:
    import pandas as pd

CHANGED_ON = 30


def _rows() -> pd.DataFrame:
    rows = renewals(changed_on=CHANGED_ON, per_day=120)
    return rows.assign(customer=rows.index % 500)


def _two_versions(ws: Workspace) -> None:
    """Let version 1, which knows what held before the change, serve; version 2 knows what holds since."""
    adopt(ws, by="anna")
    train(ws, Window(day(CHANGED_ON), day(41)), day(43), {"method": "default"})


def _rolled_out(strategy: str, **options: Any) -> Callable[[Path], dict[str, Any]]:
    rollout = {"strategy": strategy, "options": options, "watch_timeout_seconds": 3600}
    return lambda _: {"entity_column": "customer", "gate": {"min_rows": 10}, "rollout": rollout}


_CANARY = _rolled_out("canary", fractions=[0.4, 0.7], min_block_rows=5)
_BLUE_GREEN = _rolled_out("blue_green")


def _deployment(ws: Workspace) -> Proposal:
    return approved(ws, incident_of(ws, 42), "deploy", {"version": "2", "gate": {"champion": "1"}})


def _begun(ws: Workspace) -> Proposal:
    proposal = _deployment(ws)
    carry_out(ws, proposal.hash, now=NOW)
    return proposal


def _begun_and_better(ws: Workspace) -> Proposal:
    proposal = _begun(ws)
    # Two versions are compared on four blocks of each day, and thirteen blocks are needed for any answer.
    for number in range(43, 49):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    return proposal


def _of_trial(action: str) -> Callable[[Workspace], Proposal]:
    def make(ws: Workspace) -> Proposal:
        _begun(ws)
        return planned(action, 43)(ws)

    return make


def _advanced(ws: Workspace, proposal_hash: str) -> ActionResult:
    told = advance(ws, proposal_hash, now=NOW)
    return ActionResult(proposal_hash, "deploy", "done", told, 0.0, {})


def _completed(ws: Workspace, proposal_hash: str) -> ActionResult:
    return complete(ws, proposal_hash, now=LATER)


def _tried(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    """Return what serves, what is tried, and what the deployment, or whatever completes it, has recorded of both."""
    name = ws.spec.name
    trial = ws.registry.trial(name)
    deployment = str(proposal.params.get("deployment", proposal.hash))
    steps = ws.ledger.trials(deployment)
    switches = [known for known in ws.ledger.promotions(name) if known.proposal_hash in {proposal.hash, deployment}]
    return {
        "champion": ws.registry.champion(name).version,
        "switches": len(switches),
        "tried": (trial.kind, trial.version, [share.fraction for share in trial.shares]) if trial else None,
        "last on record": "ended" if steps[-1].get("ended") else len(steps[-1].get("shares", ())),
    }


def _effects(champion: str, switches: int, tried: Any, last: Any) -> Effects:
    return {"champion": champion, "switches": switches, "tried": tried, "last on record": last}


def _case(
    prepare: Callable[[Workspace], Proposal],
    expected: Effects,
    spec: Callable[[Path], dict[str, Any]],
    *serves: str,
    **more: Any,
) -> Case:
    return Case(
        prepare, _tried, expected, serves, writes_to_mlflow=True, rows=_rows, arrange=_two_versions, spec=spec, **more
    )


_SERVES = _effects("2", 1, None, "ended")
_GAVE_UP = _effects("1", 0, None, "ended")

OF_TRIALS: dict[str, Case] = {
    "begin_canary": _case(_deployment, _effects("1", 0, ("split", "2", [0.4]), 1), _CANARY),
    "grow_canary": _case(_begun_and_better, _effects("1", 0, ("split", "2", [0.4, 0.7]), 2), _CANARY, act=_advanced),
    "complete_canary": _case(_begun, _SERVES, _CANARY, "2", act=_completed),
    "abort_canary": _case(_begun, _GAVE_UP, _CANARY, act=undone, ends_as="undone"),
    "promote_trial": _case(_of_trial("promote_trial"), _SERVES, _CANARY, "2"),
    "end_trial": _case(_of_trial("end_trial"), _GAVE_UP, _CANARY),
    "begin_blue_green": _case(_deployment, _effects("2", 1, ("standby", "2", []), 0), _BLUE_GREEN, "2"),
    "complete_blue_green": _case(_begun, _SERVES, _BLUE_GREEN, act=_completed),
    "abort_blue_green": _case(_begun, _effects("1", 2, None, "ended"), _BLUE_GREEN, "1", act=undone, ends_as="undone"),
}
