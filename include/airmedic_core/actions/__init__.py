"""Remedies, each under one contract: plan → precheck → snapshot → dry_run → apply → verify → undo.

Each file of this folder is one action. It offers

``DESCRIPTION``, ``CHANGES_PRODUCTION``
    What it does, in a sentence, and whether anything in production is different afterwards.
``plan(ws, incident, diagnosis)``
    Its parameters (plain JSON) and the effect expected of them, in one sentence.
``precheck(ws, proposal)``
    Raises if it can no longer be carried out.
``snapshot(ws, proposal)``
    How things stand before, as far as undoing needs it.
``dry_run(ws, params)``
    What would happen, in words. Changes nothing.
``apply(ws, proposal, now)``
    Does it, and returns its output. Done twice it has the effect of once.
``verify(ws, proposal, output)``
    What is not as it should be; empty if all is well.
``undo(ws, proposal, snapshot, now)``
    Puts things back, and says how.
``again(ws, proposal, done, now)``
    Optional: what to do where an action that was carried out is asked for once more; nothing where it is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.actions._driver import carry_out, undo
from airmedic_core.actions._gate import gate_challenger
from airmedic_core.family import Family
from airmedic_core.records import Diagnosis, Incident, Json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

ACTIONS = Family("actions")

__all__ = ["ACTIONS", "carry_out", "gate_challenger", "plan", "rehearse", "undo"]


def plan(ws: Workspace, action: str, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
    """Return the parameters of an action for an incident, and what it should improve.

    Raises
    ------
    SpecError
        If there is no such action. The message names the closest.
    ActionError
        If the action makes no sense here, such as a rollback without an earlier version.
    """
    planned: tuple[Json, str] = ACTIONS.member(action).plan(ws, incident, diagnosis)
    return planned


def rehearse(ws: Workspace, action: str, params: Json) -> str:
    """Return what an action would do with these parameters. Nothing is changed.

    Raises
    ------
    SpecError
        If there is no such action.
    """
    told: str = ACTIONS.member(action).dry_run(ws, params)
    return told
