"""Makes SQLite databases cheap in tests: what is the same for all of them is done once.

A suite opens thousands of databases, a few for each test. What they hold and answer stays the same.
"""

from __future__ import annotations

import atexit
import shutil
import sqlite3
import sys
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

_STATEMENTS: LRUCache[Any, Any] = LRUCache(5_000)
"""The statements that were compiled. Bounds their memory: the suite has about a thousand."""


def make_cheap() -> None:
    """Have all SQLite databases of this process be cheap ones from now on."""
    event.listen(Engine, "connect", _prepare)
    event.listen(Engine, "engine_connect", _share_statements)
    # A statement is compiled for a dialect, of which each engine has an object of its own. They are all the same.
    SQLiteDialect_pysqlite.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign,assignment]
    SQLiteDialect_pysqlite.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign,assignment]


def _share_statements(connection: Connection) -> None:
    if type(connection.dialect) is SQLiteDialect_pysqlite:
        connection.engine._compiled_cache = _STATEMENTS


def _prepare(connection: Any, _: object) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # A hundred times a test, SQLite would wait until the disk has written. That is against a loss of power, not of a
    # process: what is written is there when a test kills one.
    connection.execute("PRAGMA synchronous = OFF")
    if "mlflow.store.db.utils" in sys.modules:
        _know_newest_revision_of_mlflow()
    # Fetched to its end: a statement that may have more rows to give keeps the database from being filled.
    [(_, _, path)] = connection.execute("PRAGMA database_list").fetchall()
    [(pages,)] = connection.execute("PRAGMA page_count").fetchall()
    if not pages and (with_tables := _WITH_TABLES.get(Path(path).name)) is not None:
        with closing(sqlite3.connect(with_tables())) as template:
            template.backup(connection)


@cache
def _empty_ledger() -> Path:
    from airmedic_core.ledger import Ledger

    path = _folder() / "empty_ledger.db"
    Ledger.open(f"sqlite:///{path}")
    return path


@cache
def _empty_mlflow() -> Path:
    from mlflow.store.db.utils import _initialize_tables

    path = _folder() / "empty_mlflow.db"
    engine = create_engine(f"sqlite:///{path}")
    _initialize_tables(engine)
    engine.dispose()
    return path


_WITH_TABLES = {"ledger.db": _empty_ledger, "mlflow.db": _empty_mlflow}
"""What a new file of that name begins as: making MLflow's tables takes more than a second, the ledger's a twentieth. A
file of another name begins empty."""


@cache
def _folder() -> Path:
    folder = Path(mkdtemp(prefix="airmedic_tests"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _know_newest_revision_of_mlflow() -> None:
    """Read MLflow's 67 migrations once; it would read them for each store to know the newest one."""
    from mlflow.store.db import utils

    utils._get_latest_schema_revision = cache(utils._get_latest_schema_revision)
