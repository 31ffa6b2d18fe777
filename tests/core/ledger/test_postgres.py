"""The same ledger on a real Postgres, started from the system's packages on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from airmedic_core.errors import ApprovalError, AuditError, LedgerBusyError, LedgerError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.tables import metadata
from airmedic_core.records import (
    ActionResult,
    Approval,
    Assessment,
    Batch,
    Cause,
    Diagnosis,
    EvidencePacket,
    Finding,
    Incident,
    IncidentState,
    Permission,
    Promotion,
    Proposal,
    RankedCause,
    Severity,
    Verdict,
)
from tests.postgres import postgres, programs

pytestmark = pytest.mark.postgres

WRITER = """
import sys
from airmedic_core.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
for number in range(15):
    ledger.set_override(sys.argv[2], "setting", str(number), {"value": number}, author="a", reason="r")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    folder = programs()
    if folder is None:
        pytest.skip("Postgres is not installed (Debian: apt-get install postgresql)")
    with postgres(folder) as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    with Ledger.open(server)._engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return server


def test_the_migrations_make_exactly_the_tables(ledger: Ledger) -> None:
    with ledger._reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_a_worker_whose_clock_is_ahead_takes_no_lock_away(
    url: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airmedic_core.ledger import locks

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(hours=1)

    with ledger.hold("x", seconds=30, most_seconds=60) as hold:
        monkeypatch.setattr(locks, "datetime", Ahead)
        with pytest.raises(LedgerBusyError), Ledger.open(url).lock("x", wait_seconds=0):
            raise AssertionError("two holders")
        hold.require()
        monkeypatch.undo()
        with pytest.raises(LedgerBusyError), Ledger.open(url).lock("x", wait_seconds=0):
            raise AssertionError("its renewal by a clock that is ahead has ended the lease")
    with Ledger.open(url).lock("x", wait_seconds=0):
        pass


def test_everything_that_is_written_comes_back(
    ledger: Ledger,
    batch: Callable[..., Batch],
    incident: Callable[..., Incident],
    proposal: Callable[..., Proposal],
    now: datetime,
) -> None:
    seen, asked = batch(), proposal(Permission.ASK_TWO, trials=5)
    finding = Finding("drift", "a\0ge", "psi", Verdict.ALERT, value=0.25)
    said = Assessment(seen.id, "incident", Cause.CONCEPT_DRIFT, Severity.HIGH, "h", "f")
    packet = EvidencePacket("churn__1", "churn", ())
    diagnosis = Diagnosis(
        "churn__1", "rules", (RankedCause(Cause.CONCEPT_DRIFT, 0.9),), Severity.HIGH, "s", (), packet.hash
    )
    ledger.record_findings(seen, "drift", [finding], model_version="1")
    ledger.record_assessment(seen, said)
    ledger.open_incident(incident())
    ledger.attach_batch("churn__1", batch(2))
    ledger.move_incident("churn__1", IncidentState.DIAGNOSED, cause=Cause.CONCEPT_DRIFT)
    ledger.record_packet(packet)
    ledger.record_diagnosis(diagnosis, stands=True)
    ledger.record_proposal(asked)
    ledger.record_decision("churn__1", path="retrain", proposal_hash=asked.hash, reason="r")
    for person in ("ada", "eve", "bob"):
        ledger.answer_proposal(asked.hash, "approve", by=person, at=now, channel="airflow", approvers=("ada", "bob"))
    ledger.begin_action(asked, {"champion": "1"})
    ledger.finish_action(ActionResult(asked.hash, "retrain", "done", "ok", 0.1))
    ledger.record_promotion(Promotion("churn", "1", "2", "deploy", now, "ada", asked.hash, 0.1))
    ledger.set_override("churn", "quarantine", "w", {"rows": 22}, author="ada", reason="r")

    assert ledger.findings(seen.id) == [finding]
    assert ledger.finding_history("churn") == [(seen, "1", finding)]
    assert ledger.batches("churn")[0].assessment == said
    assert ledger.incident("churn__1").batch_ids == (seen.id, batch(2).id)
    assert (ledger.packet("churn__1"), ledger.diagnoses("churn__1")) == (packet, [(diagnosis, True)])
    assert [bool(answer.refused_because) for answer in ledger.approvals(asked.hash)] == [False, True, False]
    assert ledger.require_approval(asked.hash, now=now).by == "bob"
    assert ledger.actions(model="churn")[0].status == "done"
    assert ledger.promotions("churn")[0].at == now
    assert ledger.overrides("churn")[0].value == {"rows": 22}
    with pytest.raises(ApprovalError):
        ledger.require_approval(proposal().hash, now=now)
    assert ledger.verify_audit() == ledger.audit_head()


def test_a_narrowed_proposal_is_recorded_with_its_approval_or_not_at_all(
    ledger: Ledger, proposal: Callable[..., Proposal], now: datetime
) -> None:
    asked = ledger.record_proposal(proposal(days=30))
    later = now + timedelta(minutes=1)
    first, second = (replace(asked, params={"days": days}, created_at=later, parent=asked.hash) for days in (20, 10))

    def narrow(by: str, narrower: Proposal, objection: str = "") -> Approval:
        return ledger.answer_proposal(
            asked.hash, "approve", by=by, at=later, channel="airflow", narrower=narrower, objection=objection
        )

    # What people fill in stands in the refusal.
    refused = narrow("eve", first, "days is '\\x00'.")
    assert (refused.proposal_hash, refused.refused_because) == (asked.hash, "days is '\\x00'.")
    assert ledger.proposals(asked.incident_id) == [asked]
    with ThreadPoolExecutor(2) as pool:
        given = list(pool.map(narrow, ("ada", "bob"), (first, second)))
    (counted,) = [answer for answer in given if not answer.refused_because]
    assert counted.proposal_hash == ledger.narrowed_to(asked.hash)
    assert ledger.require_approval(counted.proposal_hash, now=later) == counted
    assert len(ledger.proposals(asked.incident_id)) == 2
    with ledger._engine.begin() as connection:
        connection.execute(text(f"DELETE FROM proposals WHERE hash = '{asked.hash}'"))  # noqa: S608  behind its back
    with pytest.raises(ApprovalError, match="which is gone"):
        ledger.require_approval(counted.proposal_hash, now=later)
    with pytest.raises(AuditError, match="was deleted"):
        ledger.verify_audit()


def test_many_processes_can_open_a_new_ledger_at_once(url: str, open_at_once: Callable[[str, int], list[str]]) -> None:
    assert open_at_once(url, 20) == ["0"] * 20
    assert Ledger.open(url).verify_audit().sequence == 0


def test_writers_at_once_lose_nothing_and_keep_the_chain_whole(url: str, ledger: Ledger) -> None:
    models = ["a", "b", "c"]
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, url, model]) for model in models]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    assert [len(ledger.overrides(model)) for model in models] == [15, 15, 15]
    assert ledger.verify_audit().sequence == 45


def test_the_database_refuses_changes_and_tampering_is_found(ledger: Ledger) -> None:
    for number in range(3):
        ledger.set_override("churn", "setting", str(number), {}, author="a", reason="r")
    for statement in ("UPDATE audit SET kind = 'x'", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(LedgerError, match="append-only"), ledger._writing() as connection:
            connection.execute(text(statement))
    with ledger._writing() as connection:
        connection.execute(text("DROP TRIGGER audit_no_change ON audit"))
        connection.execute(text("UPDATE audit SET kind = 'x' WHERE sequence = 2"))
    with pytest.raises(AuditError, match="record 2"):
        ledger.verify_audit()


def test_a_locked_ledger_is_busy_after_a_bounded_wait(url: str, ledger: Ledger) -> None:
    impatient = Ledger.open(url, wait_seconds=0.2)
    with ledger._writing(), pytest.raises(LedgerBusyError, match="lock timeout"):
        impatient.set_override("churn", "setting", "x", {}, author="a", reason="r")
