from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import airmedic_core.ledger
from airmedic_core.errors import LedgerBusyError, LedgerError, NoLedgerError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.store import REVISION
from airmedic_core.ledger.tables import metadata

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


def test_many_processes_can_open_a_new_ledger_at_once(url: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", OPEN, url]) for _ in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert Ledger.open(url).verify_audit().sequence == 0


def test_a_ledger_of_a_newer_version_is_refused(url: str, ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.url == url
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(LedgerError, match="newer version") as caught:
        Ledger.open(url)
    assert not caught.value.transient


def test_a_locked_ledger_is_busy_after_a_bounded_wait(url: str, ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.audit_head().sequence == 0
    impatient = Ledger.open(url, wait_seconds=0.1)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
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
    path = tmp_path / "state" / "ledger.db"
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
