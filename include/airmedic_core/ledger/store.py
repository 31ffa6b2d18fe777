"""Says how the ledger is reached: opening, migrating, transactions, and what its errors mean."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from airmedic_core.errors import LedgerBusyError, LedgerError, NoLedgerError
from airmedic_core.ledger import chain

REVISION = "0007"
"""The newest migration. A ledger that stands there is opened without importing Alembic, which costs 0.3 s."""

LEASE_SECONDS = 30.0
"""Sets how long others wait for a process that died while it held something. A live one renews its lease three times in
that time, so that a machine may stand still for some seconds without losing it.
"""

_ROWS_CHANGED = "0003"
"""The newest migration that changes rows. They are sealed anew when a ledger comes from before it, which takes minutes
for a large one; a migration that only makes indexes needs no seals."""

_MIGRATION_LOCK = 7_241_016_733
"""Number of Postgres' advisory lock that lets one process migrate at a time."""

_MIGRATION_WAIT_SECONDS = 180
"""Sets how long a process waits for another one that migrates: many times what a migration and the sealing of a million
rows take, so that nobody is turned away while a new ledger is made.
"""


_POLL_SECONDS = 0.05
"""Pause between two attempts at what SQLite refuses while its mode is being changed, which takes milliseconds."""

_CANNOT_WRITE_NOW = frozenset({"25006", "53100", "53200", "57P03"})
"""Postgres' states of a server that will take writes again: read-only (as after a failover), disk or memory full,
starting up."""

_SQLITE_CANNOT_NOW = ("unable to open", "is full", "readonly database", "disk I/O error")
"""Says what SQLite says where the disk is full, mounted read-only or failing: all of it is mended outside of the
ledger.
"""

_DISK_CANNOT_NOW = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO})

AnswerT = TypeVar("AnswerT")


class Store:
    """A database with serialised writers. The parts of the ledger build on it.

    Parameters
    ----------
    engine : Engine
        The database, migrated: :meth:`open` makes one from a URL.
    wait_seconds : float
        How long a statement waits for other writers before it gives up.
    lease_seconds : float
        How long others wait for a process that died while it held something.
    """

    def __init__(self, engine: Engine, wait_seconds: float, lease_seconds: float) -> None:
        self._engine = engine
        self._wait_seconds = wait_seconds
        self._fence: Callable[[Connection], None] | None = None
        self.lease_seconds = lease_seconds

    @classmethod
    def open(
        cls, url: str, *, wait_seconds: float = 15, lease_seconds: float = LEASE_SECONDS, create: bool = True
    ) -> Self:
        """Open the ledger, and bring its tables up to date.

        Parameters
        ----------
        url : str
            An SQLAlchemy URL, such as ``sqlite:///…/ledger.db`` or ``postgresql://user:password@host/name``.
        wait_seconds : float
            How long a statement waits for other writers before it gives up.
        lease_seconds : float
            How long others wait for a process that died while it held something.
        create : bool
            Whether to make one where there is none.

        Raises
        ------
        LedgerBusyError
            If the database is locked or does not answer. A retry helps.
        LedgerError
            If the URL is wrong or the tables were made by a newer version. A retry does not help.
        NoLedgerError
            If there is none and none may be made. A retry does not help.
        """
        parsed = _parse(url)
        # SQLAlchemy would make the file of an SQLite database by connecting to it.
        if not create and parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).is_file():
            raise _missing(parsed)
        store = cls(_engine(parsed, wait_seconds), wait_seconds, lease_seconds)
        if not create:
            with store._explained():
                if store._revision() is None:
                    raise _missing(parsed)
        store._migrate()
        return store

    @property
    def url(self) -> str:
        """Return where the ledger is, without a password."""
        return self._engine.url.render_as_string(hide_password=True)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._explained(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Yield a connection that no other writer overlaps with: all of its statements happen, or none."""
        with self._explained(), self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            chain.begin(connection)
            self._require_current(connection)
            if self._fence is not None:
                self._fence(connection)
            yield connection
            chain.end(connection)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._explain(error) from error

    def _explain(self, error: DBAPIError) -> LedgerError:
        reason = str(error.orig).strip().splitlines()[0][:200] if str(error.orig).strip() else type(error.orig).__name__
        if self._engine.dialect.name != "sqlite":
            cannot_write = getattr(error.orig, "sqlstate", None) in _CANNOT_WRITE_NOW
            if isinstance(error, OperationalError) or error.connection_invalidated or cannot_write:
                return LedgerBusyError(
                    f"The ledger {self.url!r} does not answer, or takes nothing: {reason}.",
                    "Check that the database runs, is reachable and writable, and that its disk is not full; the task "
                    "can be retried.",
                )
        elif "locked" in reason or "busy" in reason:
            return LedgerBusyError(
                f"The ledger {self.url!r} stayed locked for {self._wait_seconds:g} s.",
                "Another process is writing; retry. If it lasts, find the process that holds the file open.",
            )
        elif any(words in reason for words in _SQLITE_CANNOT_NOW):
            return LedgerBusyError(
                f"The ledger {self.url!r} cannot be opened or written: {reason}.",
                "Check that its folder exists and is writable, and that the disk is mounted and not full.",
            )
        return LedgerError(f"The ledger {self.url!r} refused a statement: {reason}.", "Check the database.")

    def _migrate(self) -> None:
        with self._explained():
            deadline = time.monotonic() + max(self._wait_seconds, _MIGRATION_WAIT_SECONDS)
            if self._patiently(self._revision, deadline) == REVISION:
                return
            # Loaded before the lock is taken: others wait for it.
            import alembic.command  # noqa: F401

            if self._engine.dialect.name == "sqlite":
                self._patiently(self._use_wal, deadline)
            with self._engine.connect().execution_options(writes=True) as connection:
                self._wait_longer(connection)
                with connection.begin():
                    if connection.dialect.name == "postgresql":
                        connection.execute(text(f"SET LOCAL lock_timeout = '{_MIGRATION_WAIT_SECONDS}s'"))
                        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                    before = _revision_of(connection)
                    # A process that waited for the lock finds it done.
                    if before != REVISION:
                        _upgrade(connection, self.url)
                        if before is not None and before < _ROWS_CHANGED:
                            chain.seal_all_rows(connection)

    def _require_current(self, connection: Connection) -> None:
        """Refuse to write where another process has migrated: what this version writes would break the chain."""
        revision = _stands_at(connection)
        if revision != REVISION:
            raise LedgerError(
                f"The ledger {self.url!r} stands at {revision}, and this process writes {REVISION}: another version of "
                "airmedic has brought it up to date.",
                "Restart this process with that version.",
            )

    def _revision(self) -> str | None:
        with self._engine.connect() as connection:
            return _revision_of(connection)

    def _wait_longer(self, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            # Not through SQLAlchemy, which would begin the transaction with it.
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_MIGRATION_WAIT_SECONDS * 1000}").close()

    def _use_wal(self) -> None:
        """Let readers and the writer of an SQLite file go on beside each other. Kept in the file, so done once."""
        with self._engine.connect() as connection:
            # Outside of a transaction: SQLite does not change the mode inside one.
            connection.connection.cursor().execute("PRAGMA journal_mode=WAL").close()

    @staticmethod
    def _patiently(step: Callable[[], AnswerT], deadline: float) -> AnswerT:
        """Take a step again while SQLite says "locked": as its mode changes it says so at once, without waiting."""
        while True:
            try:
                return step()
            except (sqlite3.OperationalError, OperationalError) as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    if isinstance(error, OperationalError):
                        raise
                    raise OperationalError(None, None, error) from error
            time.sleep(_POLL_SECONDS)


def _revision_of(connection: Connection) -> str | None:
    return _stands_at(connection) if inspect(connection).has_table("alembic_version") else None


def _stands_at(connection: Connection) -> str | None:
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _missing(url: URL) -> NoLedgerError:
    return NoLedgerError(
        f"There is no ledger at {url.render_as_string(hide_password=True)!r} yet.",
        "The first run of a model makes it. If it is elsewhere, set AIRMEDIC_LEDGER_URL to its URL, or AIRMEDIC_HOME "
        "to the folder that holds ledger.db.",
    )


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise LedgerError("The ledger's URL is not valid.", "Write it as sqlite:///path or postgresql://…") from error
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise LedgerError("A ledger in memory is lost with its process.", "Name a file: sqlite:///path/to/ledger.db.")
    return parsed


def _engine(url: URL, wait_seconds: float) -> Engine:
    arguments: dict[str, Any] = {}
    if url.get_backend_name() == "sqlite":
        folder = Path(str(url.database)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            kind = LedgerBusyError if error.errno in _DISK_CANNOT_NOW else LedgerError
            raise kind(f"The ledger's folder {str(folder)!r} cannot be made: {error}.", "Correct it.") from error
        arguments = {"timeout": wait_seconds}
    elif url.get_backend_name() == "postgresql":
        milliseconds = int(wait_seconds * 1000)
        arguments = {"connect_timeout": max(2, int(wait_seconds)), "options": f"-c lock_timeout={milliseconds}"}
    try:
        # Connections are not kept: Airflow forks its tasks, and a connection must never cross a fork.
        engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise LedgerError(
            f"There is no driver for {url.drivername!r}: {error}.",
            "Install it; for Postgres: pip install 'airmedic[cluster]'.",
        ) from error
    event.listen(engine, "before_execute", chain.note_statement)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    return engine


def _leave_transactions_to_us(connection: Any, _: object) -> None:
    connection.isolation_level = None


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: a reader that turns into a writer midway can only fail.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _upgrade(connection: Connection, url: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise LedgerError(
            f"The ledger {url!r} cannot be brought up to date: {error}.",
            "It was made by a newer version of airmedic: install that version.",
        ) from error
