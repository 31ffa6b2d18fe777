from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.records import Batch, Cause, Incident, IncidentState, Permission, Proposal, Severity
from airmedic_core.windows import Window

OPEN_AT_ONCE = """
import os, sys
import alembic.command
from airmedic_core.ledger import Ledger
url, count = sys.argv[1], int(sys.argv[2])
reading, writing = os.pipe()
children = []
for _ in range(count):
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)
        try:
            Ledger.open(url, wait_seconds=0.2).audit_head()
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    children.append(child)
os.close(reading)
os.close(writing)
print(*(os.waitpid(child, 0)[1] for child in children))
"""

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


@pytest.fixture
def open_at_once() -> Callable[[str, int], list[str]]:
    """Open a ledger in so many processes at the same moment, and return how each of them ended."""

    def run(url: str, processes: int) -> list[str]:
        command = [sys.executable, "-W", "ignore", "-c", OPEN_AT_ONCE, url, str(processes)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    return run
