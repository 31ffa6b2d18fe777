"""Steps of a remediation that several tests take: an incident with its diagnosis, and its approval."""

from __future__ import annotations

from datetime import timedelta

from airmedic_core.decide import Decision
from airmedic_core.incident_lifecycle import open_incident
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Incident,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, observe


def diagnosed(ws: Workspace, cause: Cause, action: str, number: int = 3) -> Incident:
    incident = open_incident(ws, observe(ws, number, cause=cause), now=NOW)
    recommended = (RecommendedAction(action, 1, "It helps."),)
    ranked = (RankedCause(cause, 0.9),)
    diagnosis = Diagnosis(incident.id, "rules", ranked, Severity.HIGH, "It is so.", recommended, "0" * 64)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    return incident


def approve(ws: Workspace, proposal: Proposal, seconds: float = 60, answer: str = "approve") -> None:
    at = proposal.created_at + timedelta(seconds=seconds)
    ws.ledger.answer_proposal(proposal.hash, answer, by="ada", at=at, channel="airflow", comment="why")  # type: ignore[arg-type]


def proposed(decision: Decision) -> Proposal:
    assert decision.proposal is not None
    return decision.proposal
