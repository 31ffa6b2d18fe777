from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from airmedic_core.errors import AuditError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.audit import said_of
from airmedic_core.ledger.chain import content_digest, link
from airmedic_core.ledger.tables import audit, batches
from airmedic_core.records import Batch, Promotion, Proposal


@pytest.fixture
def filled(ledger: Ledger, batch: Callable[..., Batch], proposal: Callable[..., Proposal], now: datetime) -> Ledger:
    for day in range(1, 5):
        ledger.record_batch(batch(day), model_version="1")
    asked = proposal()
    ledger.record_proposal(asked)
    ledger.answer_proposal(asked.hash, "approve", by="ada", at=now, channel="airflow")
    ledger.record_promotion(Promotion("churn", "1", "2", "deploy", now, "ada", asked.hash, 0.5))
    return ledger


@pytest.fixture
def tamper(tmp_path: Path) -> Callable[[str], None]:
    """Change the database as somebody with access to its file could, guards taken away first."""

    def run(statement: str) -> None:
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute(statement)
            connection.commit()

    return run


def test_a_write_that_tells_the_chain_nothing_is_in_it_all_the_same(filled: Ledger) -> None:
    with filled._writing() as connection:
        connection.execute(text("SELECT 1"))
    assert filled.audit_head().sequence == 7
    with filled._writing() as connection:
        connection.execute(update(batches).where(batches.c.rows == 100).values(rows=101))
    (record,) = filled.audit_records(limit=1)
    assert (record.kind, record.subject, len(record.sealed_rows)) == ("rows", "batches", 4)
    filled.verify_audit()


def _said(ledger: Ledger, subject: str) -> list[str]:
    with ledger._reading() as connection:
        return [record.kind for record in said_of(connection, subject)]


def test_what_the_chain_says_is_what_was_written(filled: Ledger) -> None:
    assert _said(filled, "churn") == ["promotion"]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE audit SET payload = '{}' WHERE sequence = 7", "its content does not match its hash"),
        ("UPDATE audit SET hash = 'f' WHERE sequence = 6", "it does not follow from the record before it"),
        ("DELETE FROM audit WHERE sequence = 6", "the record before it is missing"),
        ("UPDATE audit_head SET sequence = 6", "the chain ends at 6"),
    ],
)
def test_a_record_that_is_no_link_of_the_chain_is_not_believed(
    filled: Ledger, tamper: Callable[[str], None], statement: str, problem: str
) -> None:
    tamper(statement)
    with pytest.raises(AuditError, match=f"broken at record 7: {problem}"):
        _said(filled, "churn")


def test_a_record_that_is_linked_to_the_last_one_is_not_believed_before_the_head_knows_it(filled: Ledger) -> None:
    at, said = "2026-01-01T00:00:00+00:00", "{}"
    made = link(8, content_digest(at, "promotion", "churn", said), filled.audit_head().hash)
    values = {"sequence": 8, "at": at, "kind": "promotion", "subject": "churn", "payload": said, "hash": made}
    with filled._engine.begin() as connection:
        connection.execute(insert(audit).values(values | {"previous_hash": filled.audit_head().hash}))
    with pytest.raises(AuditError, match="broken at record 8: the chain ends at 7"):
        _said(filled, "churn")


def test_every_write_is_in_the_chain_and_the_chain_verifies(filled: Ledger) -> None:
    assert filled.verify_audit() == filled.audit_head()
    kinds = [record.kind for record in reversed(filled.audit_records())]
    assert kinds == ["batch", "batch", "batch", "batch", "proposal", "approval", "promotion"]


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE audit SET payload = replace(payload, '100', '900') WHERE sequence = 3", 3),
        ("UPDATE audit SET subject = 'another' WHERE sequence = 1", 1),
        ("UPDATE audit SET at = '2020-01-01T00:00:00+00:00' WHERE sequence = 2", 2),
        ("DELETE FROM audit WHERE sequence = 4", 4),
        ("DELETE FROM audit WHERE sequence = 7", 7),
        ("UPDATE audit SET sequence = sequence + 10 WHERE sequence > 5", 6),
        ("INSERT INTO audit SELECT 8, at, kind, subject, payload, hash, hash FROM audit WHERE sequence = 7", 8),
        ("UPDATE audit_head SET sequence = 5", 8),
    ],
)
def test_tampering_is_found_and_the_first_bad_record_named(
    filled: Ledger, tamper: Callable[[str], None], statement: str, first_bad: int
) -> None:
    tamper(statement)
    with pytest.raises(AuditError, match=rf"broken at record {first_bad}\b"):
        filled.verify_audit()


@pytest.mark.parametrize("table", ["audit", "approvals", "promotions"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET sequence = 1", "DELETE FROM {}"])
def test_the_database_itself_refuses_changes(filled: Ledger, tmp_path: Path, table: str, statement: str) -> None:
    database = sqlite3.connect(tmp_path / "ledger.db")
    with closing(database) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement.format(table))
    filled.verify_audit()


def test_repeating_a_write_leaves_no_second_record(
    filled: Ledger, batch: Callable[..., Batch], proposal: Callable[..., Proposal], now: datetime
) -> None:
    head = filled.audit_head()
    filled.record_batch(batch(1), model_version="1")
    filled.record_proposal(proposal())
    filled.answer_proposal(proposal().hash, "approve", by="ada", at=now, channel="airflow")
    filled.record_promotion(Promotion("churn", "1", "2", "deploy", now, "ada", proposal().hash, 0.5))
    assert filled.audit_head() == head


def test_the_records_of_one_subject_can_be_read(filled: Ledger, proposal: Callable[..., Proposal]) -> None:
    records = filled.audit_records(subject=proposal().hash)
    assert [record.kind for record in records] == ["approval", "proposal"]
    assert records[0].payload["by"] == "ada"
