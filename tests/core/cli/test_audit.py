from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.records import Promotion
from airmedic_core.settings import Settings

Airmedic = Callable[..., tuple[int, str, str]]


@pytest.fixture
def head(home: Path) -> str:
    settings = Settings.from_env()
    settings.home.mkdir()
    ledger = Ledger.open(settings.ledger_url)
    for version in ("1", "2"):
        ledger.record_promotion(Promotion("churn", None, version, "manual", datetime.now(UTC), "ada"))
    return ledger.audit_head().hash


def test_a_chain_that_holds_ends_in_zero(head: str, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("audit", "verify", "--head", head)
    assert code == 0
    assert head in out


def test_a_head_that_is_not_in_the_chain_ends_in_one(head: str, airmedic: Airmedic) -> None:
    assert airmedic("audit", "verify", "--head", "0" * 64)[0] == 1


def test_a_changed_record_ends_in_one(home: Path, head: str, airmedic: Airmedic) -> None:
    with closing(sqlite3.connect(home / "state" / "ledger.db")) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit SET payload = replace(payload, 'ada', 'eve') WHERE sequence = 1")
    code, out, _ = airmedic("audit", "verify")
    assert code == 1
    assert "1" in out
