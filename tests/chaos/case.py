"""One action of the trials: how its proposal comes about, and what must hold when it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_core.actions import ACTIONS
from airmedic_core.execution import carry_out, undo
from airmedic_core.records import ActionResult, Cause, Proposal
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, incident_of, observe, renewals, workspace

if TYPE_CHECKING:
    import pandas as pd

    from tests.chaos.place import Production

LATER = NOW + timedelta(minutes=1)
PROPOSAL_TAG = "airmedic.proposal_hash"
Effects = dict[str, Any]


def carried_out(ws: Workspace, proposal_hash: str) -> ActionResult:
    """Carry a proposal out, as a task does it."""
    return carry_out(ws, proposal_hash, now=LATER)


def undone(ws: Workspace, proposal_hash: str) -> ActionResult:
    """Take back what was carried out, as a task does it."""
    return undo(ws, proposal_hash, now=LATER)


def changed_rows() -> pd.DataFrame:
    """Return rows whose relation changes on day 45."""
    return renewals(changed_on=45)


def healthy_until_the_change(ws: Workspace) -> None:
    """Let a first version serve, and fifteen healthy days pass."""
    adopt(ws, by="anna")
    for number in range(30, 45):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)


def plain(world: Path) -> dict[str, Any]:
    """Return no further keys of the spec."""
    return {}


@dataclass(frozen=True)
class Case:
    """One action, or one step of it."""

    prepare: Callable[[Workspace], Proposal]
    effects: Callable[[Workspace, Proposal, Path], Effects]
    """Returns what is in the world because of it …"""
    expected: Effects
    """… and what is to be there, once and no more."""
    serves: tuple[str, ...] = ()
    """The versions that come into service on the way, in their order."""
    writes_to_mlflow: bool = False
    act: Callable[[Workspace, str], ActionResult] = carried_out
    """What each process does with the proposal of this hash …"""
    ends_as: str = "done"
    """… and the status of the action afterwards."""
    rows: Callable[[], pd.DataFrame] = changed_rows
    arrange: Callable[[Workspace], None] = healthy_until_the_change
    """What has happened before there is a proposal."""
    spec: Callable[[Path], dict[str, Any]] = plain
    """Further keys of the spec, given the folder of the world outside of Airmedic."""
    asks_hook: bool = False
    """Whether a service outside is told something: ``tests.chaos.hook``."""


def prepare(production: Production, case: Case) -> Proposal:
    """Make the production of a case."""
    workspace(production.folder, case.rows())
    ws = production.opened()
    case.arrange(ws)
    return case.prepare(ws)


def planned(action: str, number: int = 50, cause: Cause = Cause.CONCEPT_DRIFT) -> Callable[[Workspace], Proposal]:
    """Return what plans an action for the incident of a day, and has it approved.

    Parameters
    ----------
    action : str
        The action.
    number : int
        The day.
    cause : Cause
        The incident's cause.
    """

    def make(ws: Workspace) -> Proposal:
        incident = incident_of(ws, number, cause)
        return approved(ws, incident, action, ACTIONS.member(action).plan(ws, incident, None)[0])

    return make


def problems(ws: Workspace, proposal: Proposal, case: Case, world: Path) -> list[str]:
    """Return what is not as it must be once an action has been finished by the last of its processes.

    Parameters
    ----------
    ws : Workspace
        The production.
    proposal : Proposal
        What was carried out.
    case : Case
        What must hold.
    world : Path
        The folder of the world outside of Airmedic.
    """
    recorded = ws.ledger.actions(incident_id=proposal.incident_id)
    attempts = [attempt for attempt in recorded if attempt.proposal_hash == proposal.hash]
    complaints = [
        f"attempt {attempt.attempt} is {attempt.status}" for attempt in attempts if attempt.status != case.ends_as
    ]
    if len(attempts) != 1:
        complaints.append(f"{len(attempts)} attempts")
    effects = case.effects(ws, proposal, world)
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


def served_by(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    """Return the champion, and how often the proposal has switched it."""
    mine = [promotion for promotion in ws.ledger.promotions(ws.spec.name) if promotion.proposal_hash == proposal.hash]
    return {"champion": ws.registry.champion(ws.spec.name).version, "switches": len(mine)}


def trained(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    """Return how many versions the proposal has made, and what carries which alias."""
    versions = ws.registry.client.search_model_versions(f"name='{ws.spec.name}'")
    mine = [version for version in versions if version.tags.get(PROPOSAL_TAG) == proposal.hash]
    challenger = ws.registry.by_alias(ws.spec.name, "challenger")
    return {
        "versions": len(mine),
        "champion": ws.registry.champion(ws.spec.name).version,
        "challenger": challenger.version if challenger else None,
    }


def overridden(kind: Any) -> Callable[[Workspace, Proposal, Path], Effects]:
    """Return what counts the overrides of a kind that hold, and those that were ever written."""

    def effects(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
        written = [
            record
            for record in ws.ledger.audit_records(subject=ws.spec.name)
            if record.kind == "override" and record.payload.get("kind") == kind
        ]
        return {"holds": len(ws.ledger.overrides(ws.spec.name, kind)), "written": len(written)}

    return effects
