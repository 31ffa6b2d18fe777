"""A history of false alarms, for the tests of the review."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.airflow.production import meter

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

KEY = "checks.drift.least_effect"
"""The threshold that raised them."""


def false_alarms(workspace: Workspace) -> None:
    """Record three windows whose alarm on ``load`` turned out harmless."""
    from airmedic_core.records import Assessment, Batch, Cause, Finding, Incident, IncidentState, Severity, Verdict
    from airmedic_core.windows import Window

    name, ledger, cause = workspace.spec.name, workspace.ledger, Cause.HARMLESS_COVARIATE_SHIFT
    for day, effect in enumerate((0.12, 0.13, 0.14)):
        start = meter.START + timedelta(days=day)
        window = Window(start, start + timedelta(days=1))
        batch = Batch(name, window, window.end, 144)
        moved = Finding("drift", "load", "mean", Verdict.ALERT, value=0.2, limit=0.1, effect=effect, suggests=(cause,))
        ledger.record_findings(batch, "drift", [moved], model_version="1")
        ledger.record_assessment(
            batch, Assessment(batch.id, "incident", cause, Severity.LOW, "load moved", f"print-{day}")
        )
        ledger.open_incident(
            Incident(
                id=batch.id, model=name, state=IncidentState.OPEN, severity=Severity.LOW, cause=cause,
                headline="load moved", fingerprint=f"print-{day}", window=window, as_of=window.end,
                batch_ids=(batch.id,), opened_at=window.end,
            )
        )  # fmt: skip
        ledger.move_incident(batch.id, IncidentState.RESOLVED)
