"""Past incidents on record, each gone its whole way: decided, carried out, verified and closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from airmedic_core.ledger import Ledger
from airmedic_core.records import (
    ActionResult,
    Cause,
    Incident,
    IncidentState,
    Json,
    Permission,
    Proposal,
    Severity,
)
from airmedic_core.windows import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
CAUSE = Cause.LABEL_SHIFT


def closed(
    ledger: Ledger,
    number: int,
    action: str,
    outcome: str,
    *,
    cause: Cause = CAUSE,
    verified: bool = True,
    decided: str = "",
    learning: Json | None = None,
    batches: tuple[str, ...] = (),
    **more: str,
) -> Incident:
    """Record one incident that ended, one day after the one with the number before.

    ``decided`` is the action that was decided on, where it led to the one that decided the outcome.
    """
    opened_at = START + timedelta(days=number)
    window = Window(opened_at - timedelta(days=1), opened_at)
    incident = Incident(
        f"i{number}", "churn", IncidentState.OPEN, Severity.LOW, cause, "h", "f", window, window.end, batches, opened_at
    )
    ledger.open_incident(incident)
    proposal = Proposal(
        incident.id, "churn", action, {}, "It helps.", Permission.ASK, "why", opened_at, opened_at + timedelta(days=1)
    )
    chosen = replace(proposal, action=decided) if decided else proposal
    ledger.record_proposal(chosen)
    details = {"requested": "automatic", "dry_run": False} | ({"learning": learning} if learning else {})
    ledger.record_decision(incident.id, path="change", proposal_hash=chosen.hash, reason="It helps.", details=details)
    if verified:
        ledger.begin_action(proposal, {}, now=opened_at)
        ledger.finish_action(ActionResult(proposal.hash, action, "done", "Done.", 1.0, {}), now=opened_at)
    resolution: Json = {"action": action, "outcome": outcome, "proposal_hash": proposal.hash, **more}
    return ledger.move_incident(
        incident.id, IncidentState.RESOLVED, resolution=resolution, closed_at=opened_at + timedelta(hours=6)
    )


def by_chance(propensities: Mapping[str, float], would_try: str) -> Json:
    """Return what a decision records of learning that chose among actions by chance."""
    return {
        "mode": "on",
        "considered": list(propensities),
        "learned": list(propensities),
        "propensities": dict(propensities),
        "in_shadow": dict(propensities),
        "would_try": would_try,
    }
