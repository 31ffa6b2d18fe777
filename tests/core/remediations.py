"""Steps of a remediation that several tests take: an incident with its diagnosis, and its approval."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airmedic_core.decide import Decision
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Incident,
    IncidentState,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.core.renewals import incident_of


def diagnosed(
    ws: Workspace, cause: Cause, *actions: str | tuple[str, str], engine: str = "rules", number: int = 3, **more: Any
) -> Incident:
    """Open an incident with a diagnosis that stands; a pair is an action with its condition."""
    incident = incident_of(ws, number, cause)
    pairs = [(action, "") if isinstance(action, str) else action for action in actions]
    recommended = tuple(
        RecommendedAction(action, priority, f"{action} helps.", condition)
        for priority, (action, condition) in enumerate(pairs, start=1)
    )
    ranked = (RankedCause(cause, more.pop("confidence", 0.9)),)
    diagnosis = Diagnosis(incident.id, engine, ranked, Severity.HIGH, "It is so.", recommended, "0" * 64, **more)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    return ws.ledger.move_incident(incident.id, IncidentState.DIAGNOSED)


def approve(ws: Workspace, proposal: Proposal, seconds: float = 60, answer: str = "approve") -> None:
    at = proposal.created_at + timedelta(seconds=seconds)
    ws.ledger.answer_proposal(proposal.hash, answer, by="ada", at=at, channel="airflow", comment="why")  # type: ignore[arg-type]


def proposed(decision: Decision) -> Proposal:
    assert decision.proposal is not None
    return decision.proposal
