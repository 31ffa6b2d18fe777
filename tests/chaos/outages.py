"""Lets the ledger, MLflow or the disk be out of reach, silent, full or read-only while an action is carried out."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.kills import act
from tests.chaos.line import HANGING, UNREACHABLE, disturb
from tests.chaos.place import Place, Production, judged
from tests.chaos.processes import PACE, at_step, beside, start
from tests.chaos.trials import Row, Trial

OUTAGE_SECONDS = 60 / PACE
"""How long an outage lasts: a minute, at the pace of the trials."""

MOMENTS = 3
"""Steps of an action at which an outage begins: its first one, and others that are spread over it."""

_GRACE_SECONDS = 0.5
"""What ending an outage may take."""

_READ_ONLY, _FULL = "read-only", "disk full"

_LOCKS = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[2], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
time.sleep(float(sys.argv[1]))
"""
_RESETS = """
import psycopg, sys, time
time.sleep(float(sys.argv[1]))
psycopg.connect(sys.argv[2], autocommit=True).execute(sys.argv[3])
"""

_FILLED_AT_ONCE = 1 << 16
"""Bytes that are written at a time to a disk that is to be filled."""

Outage = Callable[[Production], None]
"""Begins an outage in the process that calls it, or for all processes; it ends by itself."""


def outages_of(place: Place, steps: int) -> tuple[list[Row], list[Trial]]:
    """Begin each outage that the place's services allow at several of an action's steps.

    Parameters
    ----------
    place : Place
        The action, with its services.
    steps : int
        How many steps the action has.
    """
    rows, trials = [], []
    for kind, outage in _outages(place).items():
        row = Row(place.action, kind)
        moments = sorted({1 + steps * number // MOMENTS for number in range(MOMENTS)})
        trials += [Trial(row, partial(_met, place, row, step, outage)) for step in moments]
        rows.append(row)
    return rows, trials


def _met(place: Place, row: Row, step: int, outage: Outage) -> None:
    production = place.renewed(along_lines=True, on_small_disk=row.kind == _FULL)
    said = _carried_out(place, production, step, outage)
    row.events += not said.endswith(" 0")
    row.add(f"{row.kind} at {step}", said, judged(place, production))


def _carried_out(place: Place, production: Production, step: int, outage: Outage) -> str:
    """Carry the proposal out with an outage at a step, and wait until that is over."""
    began = production.folder / "outage_began"

    def begin() -> None:
        began.touch()
        outage(production)

    def work() -> str:
        at_step(step, begin)
        return act(place, production)

    _, said = start(work).ended()
    if began.exists():
        time.sleep(max(began.stat().st_mtime + OUTAGE_SECONDS + _GRACE_SECONDS - time.time(), 0))
    return said


def _outages(place: Place) -> dict[str, Outage]:
    services = place.services
    control = Path(services.control)

    def along(line: str, kind: str) -> Outage:
        port = int(line.rpartition(":")[2].partition("/")[0])
        return lambda _: disturb(control, port, kind, OUTAGE_SECONDS)

    if services.mlflow_line:
        return {f"MLflow {kind}": along(services.mlflow_line, kind) for kind in (UNREACHABLE, HANGING)}
    if services.postgres_line:
        lines = {f"ledger {kind}": along(services.postgres_line, kind) for kind in (UNREACHABLE, HANGING)}
        lines[f"ledger {_READ_ONLY}"] = lambda production: _read_only_postgres(place, production)
        if services.small_disk:
            lines[_FULL] = lambda _: _fill(Path(services.small_disk))
        return lines
    outages: dict[str, Outage] = {
        _FULL: lambda _: _fill_disk(),
        "ledger locked": lambda production: _lock(production.folder / "ledger.db"),
        f"ledger {_READ_ONLY}": lambda production: _forbid_writing(production.folder / "ledger.db"),
    }
    if place.case.writes_to_mlflow:
        outages[f"MLflow {_READ_ONLY}"] = lambda production: _forbid_writing(production.folder / "mlflow.db")
    return outages


def _fill_disk() -> None:
    """Let every write of this process to a file fail, as on a full disk: to ledger, MLflow and everything else."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    room = threading.Timer(OUTAGE_SECONDS, resource.setrlimit, (resource.RLIMIT_FSIZE, (before, most)))
    room.daemon = True
    room.start()


def _fill(disk: Path) -> None:
    """Leave no room on a disk, for whatever process writes to it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        size = _FILLED_AT_ONCE
        while size:
            try:
                file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2

    def end() -> None:
        time.sleep(OUTAGE_SECONDS)
        filler.unlink()

    beside(end)


def _forbid_writing(database: Path) -> None:
    """Let SQLite find a file read-only, whatever connection of this process it comes through."""
    from sqlalchemy import event
    from sqlalchemy.pool import Pool

    ends_at = time.monotonic() + OUTAGE_SECONDS

    def look(connection: Any, _record: object, _proxy: object) -> None:
        (path,) = [row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main"]
        if Path(path) == database.resolve():
            connection.execute(f"PRAGMA query_only = {int(time.monotonic() < ends_at)}").close()

    event.listen(Pool, "checkout", look)


def _lock(database: Path) -> None:
    """Let another process write to an SQLite file all the time."""
    locker = _beside(_LOCKS, str(database), stdout=subprocess.PIPE)
    assert locker.stdout is not None
    # Where it dies before it has locked anything, the pipe ends.
    locker.stdout.readline()


def _read_only_postgres(place: Place, production: Production) -> None:
    """Let a database be read-only for all connections that are made from now on."""
    name = production.ledger_url.rpartition("/")[2]
    place.on_postgres(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    reset = f"ALTER DATABASE {name} RESET default_transaction_read_only"
    _beside(_RESETS, place.services.postgres, reset)


def _beside(code: str, *arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
    """Run code in a program of its own: a fork of this process hangs where another thread held a lock of SQLite's."""
    return subprocess.Popen([sys.executable, "-c", code, str(OUTAGE_SECONDS), *arguments], stdout=stdout)
