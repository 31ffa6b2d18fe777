"""Narrowing: an approver changes what a proposal may be changed in, and approves what comes of it.

What is approved then is another proposal: planned anew by its action, with a hash of its own and the first one as its
parent. The policy, the limits and the alarm are asked about it before it acts, as they are about any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from airmedic_core.actions import ACTIONS, Action, known_action
from airmedic_core.decide.objection import Objection
from airmedic_core.errors import AirmedicError, NarrowingError, closest
from airmedic_core.narrowing import Field
from airmedic_core.records import Approval, Json, Permission, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_MOST_NAMED = 5
"""Unknown fields that a refusal names: whoever sends them may send any number."""
_LONGEST_NAME = 60


def fields_of(proposal: Proposal) -> Sequence[Field]:
    """Return what an approver may narrow; nothing where several people have to approve the same."""
    action = known_action(proposal.action)
    alone = proposal.permission is Permission.ASK and proposal.needed == 1
    return action.narrowing(proposal) if action is not None and alone else ()


def answer(
    ws: Workspace,
    proposal: Proposal,
    said: Literal["approve", "reject"],
    filled_in: Mapping[str, Any],
    *,
    now: datetime,
    **given: Any,
) -> Approval:
    """Record an answer to a proposal. An approval with other values than the proposed ones counts for what they make.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        What was asked.
    said : {"approve", "reject"}
        The answer.
    filled_in : mapping
        Fields of the form → values, as they came from outside. A rejection is one whatever it says.
    now : datetime
        The moment.
    **given
        The rest of what :meth:`~airmedic_core.ledger.Ledger.answer_proposal` takes.

    Returns
    -------
    Approval
        Of the narrowed proposal, where there is one. Values that are refused, or that nothing can be planned with at
        the moment, make an answer that does not count.
    """
    narrower, objection = None, ""
    if said == "approve":
        try:
            narrower = narrow(ws, proposal, filled_in, now=now)
        except NarrowingError as error:
            objection = str(error)
        except AirmedicError as error:
            # A retry of the task would ask anew, and Airflow forgets the answer to the question of before.
            objection = f"It could not be planned now: {error} Answer again."
    changed = narrower if narrower is not None and narrower.parent == proposal.hash else None
    return ws.ledger.answer_proposal(proposal.hash, said, narrower=changed, objection=objection, **given)


def narrow(ws: Workspace, proposal: Proposal, filled_in: Mapping[str, Any], *, now: datetime) -> Proposal:
    """Return what an approver makes of a proposal; the same one where nothing is changed. Records nothing.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        What was asked.
    filled_in : mapping
        Fields of the form → values, as they came from outside. ``None`` or empty text leaves a field as it is
        proposed.
    now : datetime
        The moment.

    Raises
    ------
    NarrowingError
        If a field is unknown or its value out of bounds, or nothing can be planned with the values.
    AirmedicError
        If something that the plan needs does not answer. A retry helps once it does.
    """
    fields = {field.name: field for field in fields_of(proposal)}
    if unknown := [name for name in filled_in if name not in fields]:
        raise NarrowingError(_unknown(unknown), closest(unknown[0][:_LONGEST_NAME], fields))
    said = {name: value for name, value in filled_in.items() if value is not None and value != ""}
    values = {name: fields[name].read(value) for name, value in said.items()}
    chosen = {name: value for name, value in values.items() if value != proposal.params.get(name)}
    if not chosen:
        return proposal
    try:
        params, expected = ACTIONS.member(proposal.action).narrowed(ws, proposal, chosen)
    except AirmedicError as error:
        if error.transient:
            raise
        bounds = "; ".join(f"{fields[name].title}: {fields[name].bounds}" for name in chosen)
        raise NarrowingError(f"Nothing can be planned with {_told(chosen)}: {error}", f"{bounds}.") from error
    created_at = max(now, proposal.created_at + timedelta(microseconds=1))
    return replace(proposal, params=params, expected=expected, created_at=created_at, parent=proposal.hash)


def beyond_bounds(ws: Workspace, proposal: Proposal) -> Objection | None:
    """Return an objection where a narrowed proposal is not within the bounds of the one that it comes from.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        What was approved, narrowed or not.

    Raises
    ------
    LedgerError
        If the proposal that it comes from is gone, or was changed. A retry does not help.
    """
    if not proposal.parent:
        return None
    parent = ws.ledger.proposal(proposal.parent)
    fields, action = fields_of(parent), known_action(parent.action)
    if action is None or not fields:
        return Objection("narrowing", "Nothing of what was proposed may be changed by an approver.")
    try:
        for field in fields:
            field.read(proposal.params.get(field.name))
    except NarrowingError as error:
        return Objection("narrowing", f"It is not within the bounds of what was proposed: {error}")
    if changed := changed_beside(action, parent, proposal.params):
        named = ", ".join(changed[:_MOST_NAMED])
        return Objection("narrowing", f"It is not what was proposed: no approver may change {named}.")
    return None


def changed_beside(action: Action, parent: Proposal, params: Json) -> list[str]:
    """Return the parameters of a narrowed proposal that are others although no approver may change them.

    Parameters
    ----------
    action : Action
        The action of both.
    parent : Proposal
        What was proposed.
    params : dict
        The parameters of what it was narrowed to.
    """
    anew = parent.params.keys() & set(action.plans_anew)
    free = anew | {field.name for field in action.narrowing(parent)}
    held = (parent.params.keys() | params.keys()) - free
    # What is absent is not None: each side has to have the parameter, or neither.
    return sorted(
        name for name in held if (name in parent.params, parent.params.get(name)) != (name in params, params.get(name))
    )


def _unknown(names: Sequence[str]) -> str:
    named = ", ".join(repr(name[:_LONGEST_NAME]) for name in names[:_MOST_NAMED])
    return f"The form has no field {named}."


def _told(chosen: Json) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in chosen.items())
