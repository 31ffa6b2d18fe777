"""Which actions a decision considers, before it asks what policy and limits let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, Action, Path, hands_over, known_action
from airmedic_core.causes import Needs
from airmedic_core.decide.request import Request
from airmedic_core.records import Diagnosis, Incident

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def candidates(ws: Workspace, incident: Incident, diagnosis: Diagnosis | None, request: Request) -> list[str]:
    """Return the actions to consider, first choice first, up to where the diagnosis wants people to look.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident.
    diagnosis : Diagnosis or None
        The diagnosis that stands.
    request : Request
        A person's choice leaves no other candidate.
    """
    if request.chooses:
        return [request.action]
    if diagnosis is None:
        return []
    waiting = [remedy.action for remedy in diagnosis.cause.traits.remedies if remedy.needs is Needs.NEW_VERSION]
    first = waiting if waiting and _came_with_a_version(ws, incident) else []
    called_for = [
        name
        for name, action in ACTIONS.working().items()
        if _possible(ws, action) and action.called_for(ws, incident, diagnosis)
    ]
    return list(dict.fromkeys([*first, *called_for, *recommended(diagnosis)]))


def last_resorts() -> list[str]:
    """Return the actions that hand a problem to people: what is left where nothing else is allowed."""
    return [name for name, action in ACTIONS.working().items() if action.path is Path.ESCALATE]


def companions(ws: Workspace, path: Path) -> list[str]:
    """Return the actions that may be proposed beside what a path carries out, first choice first.

    Parameters
    ----------
    ws : Workspace
        The model.
    path : Path
        The path.
    """
    return [name for name, action in ACTIONS.working().items() if path in action.follows and _possible(ws, action)]


def _came_with_a_version(ws: Workspace, incident: Incident) -> bool:
    seen = ws.ledger.batches(incident.model, before=incident.window.end)
    versions = [batch.model_version for batch in seen[:2]]
    return len(versions) == 2 and None not in versions and versions[0] != versions[1]


def recommended(diagnosis: Diagnosis) -> list[str]:
    """Return the actions that a diagnosis recommends without a condition, up to where it wants people to look."""
    chosen = []
    for remedy in sorted(diagnosis.actions, key=lambda remedy: remedy.priority):
        if remedy.condition:
            # Nobody has checked whether the condition holds; what code can check is called for.
            continue
        if hands_over(remedy.action):
            break
        action = known_action(remedy.action)
        chosen.append((action.stand_in(diagnosis) if action else "") or remedy.action)
    return chosen


def _possible(ws: Workspace, action: Action) -> bool:
    """Return whether the spec sets what an action needs."""
    return all(getattr(ws.spec, key, None) for key in action.needs)
