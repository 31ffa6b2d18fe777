"""Actions that tell somebody something: people by a message, a tracker by a ticket, a service by a hook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from airmedic_core.actions import ACTIONS
from airmedic_core.decide.propose import Allowance, record
from airmedic_core.records import (
    Cause,
    Diagnosis,
    IncidentState,
    Permission,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.chaos.case import Case, Effects, planned
from tests.core.renewals import NOW, incident_of


def _told(action: str) -> Any:
    """Return what lets the policy approve that people are told of a diagnosed incident."""

    def make(ws: Workspace) -> Proposal:
        incident = incident_of(ws, 50)
        ranked = (RankedCause(Cause.CONCEPT_DRIFT, 0.9),)
        actions = (RecommendedAction("retrain", 1, "The relation has changed."),)
        diagnosis = Diagnosis(incident.id, "rules", ranked, Severity.HIGH, "It has changed.", actions, "0" * 64)
        ws.ledger.record_diagnosis(diagnosis, stands=True)
        incident = ws.ledger.move_incident(incident.id, IncidentState.DIAGNOSED)
        params, expected = ACTIONS.member(action).plan(ws, incident, diagnosis)
        allowance = Allowance(Permission.AUTO, "The policy allows it.")
        return record(ws, incident, action, params, expected, allowance=allowance, now=NOW)

    return make


def _board(world: Path) -> dict[str, Any]:
    return {"notify": {"board": {"path": str(world / "board")}}}


def _arrived(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    messages, tickets = world / "board", world / "board.tickets"
    return {
        "messages": len(messages.read_text().splitlines()) if messages.exists() else 0,
        "tickets": len(tickets.read_text().split()) if tickets.exists() else 0,
        "incident": ws.ledger.incident(proposal.incident_id).state,
    }


def _hook(world: Path) -> dict[str, Any]:
    return {"scale": {"url": (world.parent / "hook").read_text()}}


def _replicas(ws: Workspace, proposal: Proposal, world: Path) -> Effects:
    told = (world / "told").read_text().splitlines()
    # To be told the same number twice adds nothing: it is how many there are to be.
    return {"replicas": json.loads((world / "replicas").read_text()), "told": sorted(set(told))}


OF_PEOPLE: dict[str, Case] = {
    "notify": Case(
        _told("notify"), _arrived, {"messages": 1, "tickets": 0, "incident": IncidentState.DIAGNOSED}, spec=_board
    ),
    "open_ticket": Case(
        _told("open_ticket"), _arrived, {"messages": 0, "tickets": 1, "incident": IncidentState.DIAGNOSED}, spec=_board
    ),
    "scale": Case(
        planned("scale", cause=Cause.LATENCY_REGRESSION),
        _replicas,
        {"replicas": 3, "told": ["3"]},
        spec=_hook,
        asks_hook=True,
    ),
}
