"""Ways to rewrite history in a ledger's database: all of them are found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.ledger import Ledger
from airmedic_core.ledger.chain import GENESIS, SEALS, content_digest, link
from airmedic_core.ledger.checkpoints import Key, checkpoint_problems, sign_head
from airmedic_core.ledger.seals import SEALED, seals_of
from airmedic_core.records import (
    ActionResult,
    Assessment,
    Batch,
    Cause,
    Diagnosis,
    EvidencePacket,
    Finding,
    Incident,
    IncidentState,
    Promotion,
    Proposal,
    RankedCause,
    Severity,
    Verdict,
)

KEY = Key("a secret that is not in the database")


@pytest.fixture
def filled(
    ledger: Ledger,
    batch: Callable[..., Batch],
    incident: Callable[..., Incident],
    proposal: Callable[..., Proposal],
    now: datetime,
) -> Ledger:
    """A ledger with a row or more in each of its tables."""
    seen, asked = batch(), proposal(trials=5)
    packet = EvidencePacket("churn__1", "churn", ())
    cause = RankedCause(Cause.CONCEPT_DRIFT, 0.9)
    for day in (1, 2):
        ledger.record_batch(batch(day), model_version="1")
    ledger.record_findings(seen, "data", [Finding("volume", "batch", "rows", Verdict.OK, value=100)], model_version="1")
    ledger.record_findings(seen, "drift", [Finding("drift", "age", "psi", Verdict.ALERT, value=1)], model_version="1")
    ledger.record_assessment(seen, Assessment(seen.id, "incident", Cause.CONCEPT_DRIFT, Severity.HIGH, "h", "f"))
    ledger.open_incident(incident())
    ledger.record_packet(packet)
    ledger.record_diagnosis(Diagnosis("churn__1", "rules", (cause,), Severity.HIGH, "s", (), packet.hash), stands=True)
    ledger.record_proposal(asked)
    ledger.record_decision("churn__1", path="retrain", proposal_hash=asked.hash, reason="r")
    ledger.answer_proposal(asked.hash, "approve", by="ada", at=now, channel="airflow")
    ledger.begin_action(asked, {"champion": "1"})
    ledger.finish_action(ActionResult(asked.hash, "retrain", "done", "ok", 0.1))
    ledger.record_promotion(Promotion("churn", "1", "2", "deploy", now, "ada", asked.hash, 0.5))
    ledger.record_promotion(Promotion("churn", "2", "3", "deploy", now + timedelta(days=1), "ada", None, 0.5))
    ledger.set_override("churn", "kill_switch", "all", {}, author="ada", reason="r")
    ledger.move_incident("churn__1", IncidentState.RESOLVED, resolution={"outcome": "healed"})
    return ledger


def recompute(connection: sqlite3.Connection) -> None:
    """Tie the whole chain anew over what it now says, as somebody would who knows how it is made."""
    rows = connection.execute("SELECT sequence, at, kind, subject, payload FROM audit ORDER BY sequence").fetchall()
    connection.execute("DELETE FROM audit")
    head = GENESIS
    for number, (_, at, kind, subject, payload) in enumerate(rows, start=1):
        hashed = link(number, content_digest(at, kind, subject, payload), head)
        values = (number, at, kind, subject, payload, head, hashed)
        connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        head = hashed
    connection.execute("UPDATE audit_head SET sequence = ?, hash = ?", (len(rows), head))


def reseal(ledger: Ledger, connection: sqlite3.Connection) -> None:
    """Put the digests of the rows as they are now into the chain, and tie it anew."""
    connection.commit()
    with ledger._reading() as reading:
        digests = dict(pair for table in SEALED.values() for pair in seals_of(reading, table))
    for sequence, text in connection.execute("SELECT sequence, payload FROM audit").fetchall():
        payload = json.loads(text)
        payload[SEALS] = {name: digests.get(name) for name in payload.get(SEALS, {})}
        resealed = json.dumps(payload, sort_keys=True, separators=(",", ":"))
        connection.execute("UPDATE audit SET payload = ? WHERE sequence = ?", (resealed, sequence))
    recompute(connection)


def statement(text: str) -> Callable[[Ledger, sqlite3.Connection], None]:
    return lambda _, connection: connection.executescript(text)  # type: ignore[return-value]


def chain_too(text: str) -> Callable[[Ledger, sqlite3.Connection], None]:
    def run(_: Ledger, connection: sqlite3.Connection) -> None:
        connection.executescript(text)
        recompute(connection)

    return run


def seals_too(text: str) -> Callable[[Ledger, sqlite3.Connection], None]:
    def run(ledger: Ledger, connection: sqlite3.Connection) -> None:
        connection.executescript(text)
        reseal(ledger, connection)

    return run


WAYS = {
    # Edits of what is relied on.
    "a proposal's parameters": statement("UPDATE proposals SET record = replace(record, '5', '500')"),
    "a proposal's action": statement("UPDATE proposals SET action = 'deploy'"),
    "a proposal's permission": statement("UPDATE proposals SET permission = 'auto'"),
    "a proposal's expiry": statement("UPDATE proposals SET expires_at = '2099-01-01 00:00:00.000000'"),
    "an answer": statement("UPDATE approvals SET answer = 'reject'"),
    "who approved": statement("UPDATE approvals SET \"by\" = 'eve'"),
    "when it was approved": statement("UPDATE approvals SET at = '2020-01-01 00:00:00.000000'"),
    "which version was promoted": statement("UPDATE promotions SET to_version = '9' WHERE to_version = '2'"),
    "who promoted it": statement("UPDATE promotions SET \"by\" = 'eve'"),
    "an action's status": statement("UPDATE actions SET status = 'failed'"),
    "an action's snapshot": statement("UPDATE actions SET snapshot = '{}'"),
    "an action's output": statement("UPDATE actions SET output = '{\"gain\": 1}'"),
    "the reason of a decision": statement("UPDATE decisions SET reason = 'another'"),
    "what a decision proposed": statement("UPDATE decisions SET proposal_hash = NULL"),
    "an incident's state": statement("UPDATE incidents SET state = 'open'"),
    "an incident's outcome": statement('UPDATE incidents SET resolution = \'{"outcome": "undone"}\''),
    "an incident's batches": statement("UPDATE incidents SET batch_ids = '[]'"),
    "a batch's rows": statement("UPDATE batches SET rows = 7"),
    "what a batch means": statement("UPDATE batches SET outcome = 'healthy' WHERE outcome = 'incident'"),
    "a finding's value": statement("UPDATE model_metrics SET value = 0.01"),
    "a finding's verdict": statement("UPDATE data_quality SET verdict = 'alert'"),
    "the evidence": statement("UPDATE evidence SET packet = replace(packet, '[]', '[1]')"),
    "the evidence's hash": statement("UPDATE evidence SET packet_hash = 'x'"),
    "a diagnosis": statement("UPDATE diagnoses SET cause = 'healthy'"),
    "which diagnosis stands": statement("UPDATE diagnoses SET stands = 0"),
    "until when a switch holds": statement("UPDATE overrides SET expires_at = '2020-01-01 00:00:00.000000'"),
    "that a switch was taken back": statement("UPDATE overrides SET revoked_at = '2020-01-01 00:00:00.000000'"),
    # Deletions.
    "an approval is gone": statement("DELETE FROM approvals"),
    "a proposal is gone": statement("DELETE FROM proposals"),
    "an action is gone": statement("DELETE FROM actions"),
    "a switch is gone": statement("DELETE FROM overrides"),
    "an incident is gone": statement("DELETE FROM incidents"),
    "a batch is gone": statement("DELETE FROM batches WHERE id LIKE '%20260202%20260203%'"),
    "the findings of a batch are gone": statement("DELETE FROM model_metrics"),
    "the evidence is gone": statement("DELETE FROM evidence"),
    "a record of the chain is gone": statement("DELETE FROM audit WHERE sequence = 4"),
    # Insertions.
    "an approval is put in": statement(
        "INSERT INTO approvals SELECT 99, proposal_hash, answer, 'eve', at, channel, '', '', NULL, NULL, NULL, NULL "
        "FROM approvals"
    ),
    "a finding is put in": statement(
        "INSERT INTO model_metrics SELECT batch_id, check_group, 9, model, model_version, check_name, subject, "
        "statistic, verdict, value, baseline, threshold, record FROM model_metrics"
    ),
    "a record is put in": statement(
        "INSERT INTO audit SELECT (SELECT max(sequence) + 1 FROM audit), at, kind, subject, payload, hash, hash "
        "FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)"
    ),
    # The order, and the end.
    "two records change places": statement(
        "UPDATE audit SET sequence = -3 WHERE sequence = 3; UPDATE audit SET sequence = 3 WHERE sequence = 4; "
        "UPDATE audit SET sequence = 4 WHERE sequence = -3"
    ),
    "the promotions change places": statement(
        "UPDATE promotions SET sequence = -sequence; "
        "UPDATE promotions SET sequence = (SELECT -min(sequence) FROM promotions) WHERE to_version = '2'"
    ),
    "records are moved apart": statement("UPDATE audit SET sequence = sequence + 1000 WHERE sequence > 5"),
    "the end is cut off": statement("DELETE FROM audit WHERE sequence > 10"),
    "the end is cut off, with the head": statement(
        "DELETE FROM audit WHERE sequence > 10; "
        "UPDATE audit_head SET sequence = 10, hash = (SELECT hash FROM audit WHERE sequence = 10)"
    ),
    "the head is turned back": statement("UPDATE audit_head SET sequence = 5"),
    "there are two heads": statement("INSERT INTO audit_head SELECT 2, sequence, hash FROM audit_head"),
    # Edits of the chain itself.
    "what a record says": statement("UPDATE audit SET payload = replace(payload, 'ada', 'eve')"),
    "when a record was made": statement("UPDATE audit SET at = '2020-01-01T00:00:00+00:00' WHERE sequence = 2"),
    "what a record is about": statement("UPDATE audit SET subject = 'another' WHERE sequence = 1"),
    "what kind of record it is": statement("UPDATE audit SET kind = 'note' WHERE sequence = 3"),
    # The chain is made anew: what is sealed in it still gives it away …
    "the chain is made anew over other approvers": chain_too("UPDATE approvals SET \"by\" = 'eve'"),
    "the chain is made anew without its end": chain_too("DELETE FROM audit WHERE sequence > 10"),
    # … and where the seals are made anew too, what was signed before does.
    "everything is made anew over another approver": seals_too(
        "UPDATE approvals SET \"by\" = 'eve'; UPDATE audit SET payload = replace(payload, 'ada', 'eve')"
    ),
    "everything is made anew over another outcome": seals_too(
        "UPDATE incidents SET state = 'undone'; UPDATE audit SET payload = replace(payload, 'resolved', 'undone')"
    ),
    "everything is made anew without a promotion": seals_too(
        "DELETE FROM promotions WHERE to_version = '3'; DELETE FROM audit WHERE payload LIKE '%\"to_version\":\"3\"%'"
    ),
    "everything is made anew with another time": seals_too("UPDATE audit SET at = '2020-01-01T00:00:00+00:00'"),
    "there is nothing any more": seals_too("; ".join(["DELETE FROM " + name for name in [*SEALED, "audit"]])),  # noqa: S608
}


def test_there_are_enough_ways_to_try() -> None:
    assert len(WAYS) >= 30


@pytest.mark.parametrize("way", WAYS)
def test_history_cannot_be_rewritten_unnoticed(filled: Ledger, tmp_path: Path, way: str) -> None:
    head = filled.verify_audit()
    checkpoint = sign_head(KEY, head.sequence, head.hash)
    assert checkpoint_problems(filled, [checkpoint], KEY) == []
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        # Whoever can write to the file can take its guards away.
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        before = "\n".join(connection.iterdump())
        WAYS[way](filled, connection)
        connection.commit()
        assert "\n".join(connection.iterdump()) != before
    problems, _ = filled.audit_problems()
    remade = way.startswith(("everything", "there is nothing"))
    assert bool(problems) is not remade
    assert problems + checkpoint_problems(filled, [checkpoint], KEY)
