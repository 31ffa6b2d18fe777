"""A ledger with a model's history, on which incidents are opened and diagnosed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airmedic_core.ledger import Ledger
from airmedic_core.records import (
    Assessment,
    Batch,
    Cause,
    Finding,
    Incident,
    IncidentState,
    Promotion,
    Role,
    Severity,
    Verdict,
)
from airmedic_core.registry import Registry
from airmedic_core.settings import Settings
from airmedic_core.spec import ModelSpec, parse_spec
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

FIRST_DAY = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = "churn"


def a_spec(**changes: object) -> ModelSpec:
    raw = {
        "name": MODEL,
        "task": "binary",
        "target": "churned",
        "data": {"source": "file", "path": "rows.csv", "time_column": "day"},
    }
    return parse_spec(raw | changes)


def a_batch(day: int, model: str = MODEL) -> Batch:
    start = FIRST_DAY + timedelta(days=day)
    window = Window(start, start + timedelta(days=1))
    return Batch(model=model, window=window, as_of=window.end, rows=1000)


def auc(value: float, verdict: Verdict = Verdict.OK, *suggests: Cause) -> Finding:
    return Finding(
        check="performance",
        subject="batch",
        statistic="roc_auc",
        verdict=verdict,
        value=value,
        baseline=0.84,
        limit=0.80,
        effect=(0.84 - value) / 0.01,
        sample_size=1000,
        message=f"roc_auc is {value} on 1,000 labelled rows, against 0.84 when the version was accepted.",
        suggests=suggests,
        role=Role.LOSS,
    )


def remains(share: float, verdict: Verdict, cause: Cause) -> Finding:
    """Return what is said of a loss that was taken apart: which share of it the inputs leave unexplained."""
    return Finding(
        check="concept",
        subject="batch",
        statistic="relation_loss",
        verdict=verdict,
        value=share,
        baseline=0.0,
        effect=share,
        sample_size=1000,
        suggests=(cause,),
        role=Role.EXPLAINS_LOSS,
        details={"decides": True},
    )


def psi(column: str, value: float, verdict: Verdict = Verdict.OK, *suggests: Cause) -> Finding:
    return Finding(
        check="drift",
        subject=column,
        statistic="psi",
        verdict=verdict,
        value=value,
        baseline=0.01,
        limit=0.1,
        effect=value * 3,
        sample_size=1000,
        suggests=suggests,
        role=Role.INPUT_MOVED,
    )


def nulls(column: str, value: float, verdict: Verdict = Verdict.OK, *suggests: Cause) -> Finding:
    return Finding(
        check="corruption",
        subject=column,
        statistic="null_fraction",
        verdict=verdict,
        value=value,
        baseline=0.01,
        limit=0.05,
        effect=value - 0.01,
        sample_size=1000,
        unit="fraction",
        suggests=suggests,
        role=Role.DATA_FAULT,
    )


QUIET = {
    "data": [nulls("income", 0.01)],
    "drift": [psi("income", 0.01), psi("tenure", 0.02)],
    "performance": [auc(0.84)],
}


@dataclass
class Story:
    """A model's recorded days. Each day is healthy unless told otherwise."""

    ws: Workspace
    day: int = 0

    def pass_days(
        self,
        count: int = 1,
        version: str | None = "1",
        cause: Cause = Cause.HEALTHY,
        **findings: Sequence[Finding],
    ) -> Batch:
        for _ in range(count):
            batch = a_batch(self.day)
            for group, of_group in {**QUIET, **findings}.items():
                self.ws.ledger.record_findings(batch, group, of_group, model_version=version)  # type: ignore[arg-type]
            self.ws.ledger.record_assessment(
                batch,
                Assessment(
                    batch_id=batch.id,
                    outcome="healthy" if cause is Cause.HEALTHY else "incident",
                    cause=cause,
                    severity=Severity.LOW,
                    headline=f"{cause.value} in {batch.window}",
                    fingerprint=f"print-{cause.value}",
                ),
            )
            self.day += 1
        return batch

    def promote(self, to: str, kind: str = "deploy", before: str | None = None) -> None:
        at = FIRST_DAY + timedelta(days=self.day)
        self.ws.ledger.record_promotion(Promotion(MODEL, before, to, kind, at, "ada"))  # type: ignore[arg-type]

    def open(self, batch: Batch, cause: Cause = Cause.UNKNOWN, **changes: object) -> Incident:
        incident = Incident(
            id=f"{batch.id}__{cause.value}",
            model=batch.model,
            state=IncidentState.OPEN,
            severity=Severity.MEDIUM,
            cause=cause,
            headline=f"{cause.value} in {batch.window}",
            fingerprint=f"print-{cause.value}",
            window=batch.window,
            as_of=batch.as_of,
            batch_ids=(batch.id,),
            opened_at=batch.as_of,
        )
        return self.ws.ledger.open_incident(replace(incident, **changes))  # type: ignore[arg-type]


def a_workspace(home: Path, spec: ModelSpec | None = None) -> Workspace:
    settings = Settings(
        home=home,
        content=Path(__file__).parents[3] / "include",
        ledger_url=f"sqlite:///{home / 'ledger.db'}",
        tracking_uri=f"sqlite:///{home / 'mlflow.db'}",
        environment="test",
    )
    ledger = Ledger.open(settings.ledger_url)
    return Workspace(spec or a_spec(), settings, ledger, Registry(settings.tracking_uri, ledger))
