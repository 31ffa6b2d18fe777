from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event

import airmedic_core.ledger
from airmedic_core.errors import ApprovalError, AuditError, LedgerBusyError, LedgerError, NoLedgerError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.store import REVISION
from airmedic_core.ledger.tables import metadata
from airmedic_core.records import BatchSummary

EARLIER = Path(__file__).parent / "ledger_0002.sql"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A ledger that makes its tables itself; other tests begin with a copy."""
    return f"sqlite:///{tmp_path / 'new.db'}"


OPEN = "import sys; from airmedic_core.ledger import Ledger; Ledger.open(sys.argv[1])"


def test_the_migrations_make_exactly_the_tables(ledger: Ledger) -> None:
    with ledger._reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_the_revision_that_is_opened_without_alembic_is_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(airmedic_core.ledger.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_a_ledger_that_is_up_to_date_is_opened_without_importing_alembic(url: str, ledger: Ledger) -> None:
    assert ledger.audit_head().sequence == 0
    script = f"{OPEN}; sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", script, url], check=True)


def test_many_processes_can_open_a_new_ledger_at_once(url: str, open_at_once: Callable[[str, int], list[str]]) -> None:
    assert open_at_once(url, 20) == ["0"] * 20
    assert Ledger.open(url).verify_audit().sequence == 0


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date_and_sealed(tmp_path: Path) -> None:
    # Written by version 0.1.0: a batch, and a proposal that was approved.
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(EARLIER.read_text(encoding="utf-8"))
    ledger = Ledger.open(f"sqlite:///{path}")
    head = ledger.verify_audit()
    assert head.sequence > 3
    (proposal,) = ledger.proposals("churn__1")
    key = proposal.former_hash
    assert ledger.proposal(key) == proposal
    assert [answer.by for answer in ledger.approvals(key)] == ["ada"]
    with pytest.raises(ApprovalError, match="under the hash of an earlier version"):
        ledger.require_approval(key, now=proposal.created_at)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE batches SET rows = 1")
        connection.commit()
    with pytest.raises(AuditError, match="was changed"):
        ledger.verify_audit()


def test_migrations_that_change_no_row_seal_nothing_anew(ledger: Ledger, url: str, tmp_path: Path) -> None:
    ledger.set_override("churn", "setting", "x", {}, author="a", reason="r")
    head = ledger.audit_head()
    added = (
        "ix_incidents_opened_at", "ix_incidents_state", "ix_actions_started_at", "ix_data_quality_unknown",
        "ix_batches_trend",
    )  # fmt: skip
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        for name in added:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("CREATE INDEX ix_batches_model_window_start ON batches (model, window_start)")
        connection.execute("DROP TABLE trainings")
        for name in ("snooze_until", "member_of"):
            connection.execute(f"ALTER TABLE approvals DROP COLUMN {name}")
        for name in (*BatchSummary.__dataclass_fields__, "assessed_at"):
            connection.execute(f"ALTER TABLE batches DROP COLUMN {name}")
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
        connection.commit()
    newer = Ledger.open(url)
    assert newer.verify_audit() == head
    with newer._reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        indexes = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'index'").scalars().all()
    assert set(added) <= set(indexes)


def test_a_ledger_of_a_newer_version_is_refused(url: str, ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.url == url
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(LedgerError, match="newer version") as caught:
        Ledger.open(url)
    assert not caught.value.transient


def test_a_process_that_was_overtaken_by_a_migration_writes_nothing_and_reads_on(
    url: str, ledger: Ledger, tmp_path: Path
) -> None:
    ledger.set_override("churn", "setting", "x", {}, author="a", reason="r")
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(LedgerError, match=f"stands at 9999, and this process writes {REVISION}") as caught:
        ledger.set_override("churn", "setting", "y", {}, author="a", reason="r")
    assert not caught.value.transient
    assert "Restart this process" in str(caught.value)
    assert [override.key for override in ledger.overrides("churn")] == ["x"]
    assert ledger.verify_audit().sequence == 1


def test_a_locked_ledger_is_busy_after_a_bounded_wait(url: str, ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.audit_head().sequence == 0
    impatient = Ledger.open(url, wait_seconds=0.1)
    with closing(sqlite3.connect(tmp_path / "new.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusyError, match="stayed locked") as caught:
            impatient.set_override("churn", "setting", "x", {}, author="a", reason="r")
        assert impatient.overrides("churn") == []  # readers go on
        other.execute("ROLLBACK")
    assert caught.value.transient
    impatient.set_override("churn", "setting", "x", {}, author="a", reason="r")


def test_a_server_that_does_not_answer_is_busy_and_its_password_is_not_told() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(LedgerBusyError, match="does not answer") as caught:
        Ledger.open(f"postgresql://airmedic:geheim@127.0.0.1:{port}/airmedic", wait_seconds=2)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("not a url", "not valid"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("nosuchdatabase://host/name", "no driver"),
    ],
)
def test_a_wrong_url_is_refused(url: str, says: str) -> None:
    with pytest.raises(LedgerError, match=says):
        Ledger.open(url)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("this is a text, and longer than the header of a database file would be, which is 100 bytes" * 5)
    with pytest.raises(LedgerError, match="not a database"):
        Ledger.open(f"sqlite:///{path}")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be made"):
        Ledger.open(f"sqlite:///{tmp_path / 'file' / 'ledger.db'}")


def test_a_ledger_is_not_made_where_none_may_be(tmp_path: Path) -> None:
    path = tmp_path / "state" / "new.db"
    with pytest.raises(NoLedgerError, match="There is no ledger at"):
        Ledger.open(f"sqlite:///{path}", create=False)
    assert not path.parent.exists()
    # Another program's database, or an empty file, is none either.
    path.parent.mkdir()
    path.touch()
    with pytest.raises(NoLedgerError):
        Ledger.open(f"sqlite:///{path}", create=False)
    assert path.stat().st_size == 0
    Ledger.open(f"sqlite:///{path}")
    assert Ledger.open(f"sqlite:///{path}", create=False).overrides() == []


def test_a_ledger_on_a_full_disk_is_busy_and_goes_on_once_there_is_room(url: str, ledger: Ledger) -> None:
    # SQLite reports a file that may not grow as a full disk.
    pages = 0
    with ledger._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}").close()

    event.listen(ledger._engine, "connect", limit)
    with pytest.raises(LedgerBusyError, match="disk is full") as caught:
        ledger.set_override("churn", "setting", "x", {"value": "y" * 100_000}, author="a", reason="r")
    assert caught.value.transient
    event.remove(ledger._engine, "connect", limit)
    ledger.set_override("churn", "setting", "x", {"value": "y" * 100_000}, author="a", reason="r")
    assert ledger.verify_audit().sequence == 1


def test_a_ledger_that_is_read_only_is_busy(url: str, ledger: Ledger) -> None:
    def read_only(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA query_only = 1").close()

    event.listen(ledger._engine, "connect", read_only)
    with pytest.raises(LedgerBusyError, match="readonly database") as caught:
        ledger.set_override("churn", "setting", "x", {}, author="a", reason="r")
    assert caught.value.transient
