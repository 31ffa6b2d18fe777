from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Permission, Proposal, Severity
from airmedic_core.windows import Window

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Ledger:
    return Ledger.open(url)


@pytest.fixture
def batch() -> Callable[..., Batch]:
    def make(day: int = 1, model: str = "churn", rows: int = 100) -> Batch:
        start = datetime(2026, 2, day, tzinfo=UTC)
        return Batch(model, Window(start, start + timedelta(days=1)), start + timedelta(days=1), rows)

    return make


@pytest.fixture
def incident(batch: Callable[..., Batch]) -> Callable[..., Incident]:
    def make(incident_id: str = "churn__1", day: int = 1) -> Incident:
        seen = batch(day)
        return Incident(
            incident_id,
            "churn",
            IncidentState.OPEN,
            Severity.MEDIUM,
            Cause.UNKNOWN,
            "Something is wrong",
            "a1b2c3d4e5",
            seen.window,
            seen.as_of,
            (seen.id,),
            NOW + timedelta(days=day),
        )

    return make


@pytest.fixture
def proposal() -> Callable[..., Proposal]:
    def make(
        permission: Permission = Permission.ASK,
        *,
        action: str = "retrain",
        incident_id: str = "churn__1",
        created_at: datetime = NOW,
        **params: object,
    ) -> Proposal:
        expires = created_at + timedelta(hours=1)
        return Proposal(incident_id, "churn", action, dict(params), "+0.05", permission, "because", created_at, expires)

    return make
