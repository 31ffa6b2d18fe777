"""Past incidents on record, each gone its whole way: decided, carried out, verified and closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from airmedic_core.learning.propensity import CHANCES
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
    carried_out: bool = True,
    narrowed: bool = False,
    learning: Json | None = None,
    batches: tuple[str, ...] = (),
    **more: str,
) -> Incident:
    """Record one incident that ended, one day after the one with the number before.

    ``decided`` is the action that was decided on, where another one decided the outcome; ``carried_out`` says whether
    it was, ``narrowed`` whether an approver narrowed it. The other one is proposed and recorded step by step, as a gate
    and a rollout do it.
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
    if decided:
        if narrowed:
            later = opened_at + timedelta(minutes=1)
            chosen = replace(chosen, params={"margin": 0.0}, created_at=later, parent=chosen.hash)
            ledger.record_proposal(chosen)
        if carried_out:
            _carry_out(ledger, chosen)
        ledger.record_proposal(proposal)
        ledger.record_decision(incident.id, path="deploy", proposal_hash=proposal.hash, reason="It is in service.")
    if verified:
        _carry_out(ledger, proposal)
    resolution: Json = {"action": action, "outcome": outcome, "proposal_hash": proposal.hash, **more}
    return ledger.move_incident(
        incident.id, IncidentState.RESOLVED, resolution=resolution, closed_at=opened_at + timedelta(hours=6)
    )


def _carry_out(ledger: Ledger, proposal: Proposal) -> None:
    ledger.begin_action(proposal, {}, now=proposal.created_at)
    done = ActionResult(proposal.hash, proposal.action, "done", "Done.", 1.0, {})
    ledger.finish_action(done, now=proposal.created_at)


def by_chance(propensities: Mapping[str, float], would_try: str, *, mode: str = "on") -> Json:
    """Return what a decision records of learning that chose among actions by chance."""
    return before_planning(propensities, would_try, mode=mode) | {"chances": CHANCES}


def before_planning(propensities: Mapping[str, float], would_try: str, *, mode: str = "on") -> Json:
    """Return what a decision recorded of learning before actions were planned ahead of the draw."""
    return {
        "mode": mode,
        "considered": list(propensities),
        "learned": list(propensities),
        "propensities": dict(propensities),
        "in_shadow": dict(propensities),
        "would_try": would_try,
    }
