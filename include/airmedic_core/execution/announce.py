"""Carries out what is done beside every decision: people are told, and tickets are opened. Nothing of it may fail."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, Path, handing_over
from airmedic_core.decide.handed_over import handed_over_before
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.propose import Standing, permitted, record
from airmedic_core.decide.rejections import rests_on
from airmedic_core.execution.driver import carry_out
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.policy import policy_of
from airmedic_core.records import Permission

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Announced:
    """Holds what became of one action that tells people."""

    action: str
    status: str
    """``done`` or ``failed``; ``would`` in a dry run, and ``left out`` where spec or policy do not let it be, or
    where people have the problem in their hands since an earlier window."""
    summary: str


def announce(ws: Workspace, incident_id: str, *, now: datetime, only_looks: bool = False) -> list[Announced]:
    """Tell people of an incident in all the ways that spec and policy allow, once. Never raises.

    What has been done for the incident is not done again, whatever has been found since; what has failed is tried again
    when this is called again. What the policy does not allow without asking is left out, for nobody is asked about it.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident, which has been diagnosed.
    now : datetime
        The moment.
    only_looks : bool
        Whether to say what would be told, and to tell nobody.
    """
    names = [name for name, action in ACTIONS.working().items() if action.path is Path.TELL]
    became = []
    for name in names:
        try:
            if (told := _announced(ws, name, incident_id, now=now, only_looks=only_looks)) is not None:
                became.append(told)
        except Exception as error:  # noqa: BLE001  a remedy does not wait for a message
            _log.warning("%s failed for the incident %s: %s", name, incident_id, error)
            became.append(Announced(name, "failed", str(error) or type(error).__name__))
    return became


def _announced(ws: Workspace, name: str, incident_id: str, *, now: datetime, only_looks: bool) -> Announced | None:
    action, incident = ACTIONS.member(name), ws.ledger.incident(incident_id)
    if incident.state in ENDS or not all(getattr(ws.spec, key, None) for key in action.needs):
        return None
    attempts = [done for done in ws.ledger.actions(incident_id=incident_id) if done.action == name]
    if any(attempt.status == "done" for attempt in attempts):
        return None
    if not only_looks and (begun := next((known for known in attempts if known.status == "running"), None)):
        # A process was killed on the way: what it has sent is known under this proposal alone.
        result = carry_out(ws, begun.proposal_hash, now=now)
        return Announced(name, result.status, result.summary)
    diagnosis = ws.ledger.standing_diagnosis(incident_id)
    basis = rests_on(ws, incident, diagnosis, handing_over(), {})
    if not only_looks and (known := handed_over_before(ws, incident, basis, now=now)):
        return Announced(name, "left out", known.reason)
    standing = Standing.of(diagnosis, policy := policy_of(ws))
    verdict = permitted(ws, policy, incident, name, standing, now=now)
    if isinstance(verdict, Objection):
        return Announced(name, "left out", verdict.reason)
    if verdict.permission is not Permission.AUTO:
        return Announced(name, "left out", f"{verdict.reason} Nobody is asked about it.")
    params, expected = action.plan(ws, incident, diagnosis)
    if only_looks:
        return Announced(name, "would", action.dry_run(ws, params))
    proposal = record(ws, incident, name, params, expected, allowance=verdict, now=now)
    result = carry_out(ws, proposal.hash, now=now)
    return Announced(name, result.status, result.summary)
