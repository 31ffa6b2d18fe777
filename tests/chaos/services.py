"""The services that run beside the trials: a Postgres, an MLflow server, and the lines to them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import httpx

from airmedic_local.ports import HOST, free_port
from airmedic_local.process import Process, wait_until
from tests.chaos.place import Services, small_tablespace
from tests.postgres import postgres, programs

_START_SECONDS = 120
"""How long a service may take to answer: many times what it takes, on a busy machine as well."""

_DISK_MEGABYTES = 48
"""A ledger of the trials takes 9 MB; the rest is filled."""


@contextmanager
def a_postgres(url: str, *, wanted: bool) -> Iterator[str]:
    """Yield a server's URL: the one that is given, or that of a server of its own; empty where there is none."""
    folder = programs() if wanted and not url else None
    with ExitStack() as stack:
        yield url or (stack.enter_context(postgres(folder)) if folder else "")


@contextmanager
def a_line(services: Services, root: Path) -> Iterator[Services]:
    """Put a line in front of a Postgres."""
    port = int(services.postgres.rpartition(":")[2].partition("/")[0])
    with _line(port, root) as (line, control):
        along = services.postgres.replace(f":{port}/", f":{line}/")
        yield replace(services, postgres_line=along, control=str(control))


@contextmanager
def a_small_disk(services: Services, action: str) -> Iterator[Services]:
    """Give the Postgres of these trials a disk that can be filled; none where this process may not mount one."""
    import psycopg

    tablespace = small_tablespace(action)
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(services.postgres, autocommit=True) as server:
        if os.geteuid() != 0 or subprocess.call(_mount(folder), stderr=subprocess.DEVNULL):
            yield services
            return
        try:
            shutil.chown(folder, "postgres")
            server.execute(f"CREATE TABLESPACE {tablespace} LOCATION '{folder}'")
            yield replace(services, small_disk=folder)
            server.execute(f"DROP TABLESPACE {tablespace}")
        finally:
            # Where a trial failed, something may still be open there.
            subprocess.call(["umount", "--lazy", folder])


def _mount(folder: str) -> list[str]:
    return ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MEGABYTES}m,mode=0700", "airmedic_trials", folder]


@contextmanager
def an_mlflow(root: Path) -> Iterator[Services]:
    """Run an MLflow server on a file, with a line in front of it."""
    database, port = root / "served.db", free_port()
    with closing(sqlite3.connect(database)):
        pass
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{database}"]
    env = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    server = Process("mlflow", command, env=env, folder=root, cwd=root)
    try:
        wait_until(lambda: _answers(port), what="MLflow", timeout_seconds=_START_SECONDS, poll_seconds=0.25)
        with _line(port, root) as (line, control):
            yield Services(mlflow_database=str(database), mlflow_line=f"http://{HOST}:{line}", control=str(control))
    finally:
        server.stop()


@contextmanager
def _line(target: int, root: Path) -> Iterator[tuple[int, Path]]:
    port, control = free_port(), root / f"line_to_{target}.json"
    line = subprocess.Popen([sys.executable, "-m", "tests.chaos.line", str(port), str(target), str(control)])
    try:
        wait_until(lambda: _listens(port), what="a line", timeout_seconds=_START_SECONDS, poll_seconds=0.05)
        yield port, control
    finally:
        line.kill()
        line.wait()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as caller:
        return caller.connect_ex((HOST, port)) == 0


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/health", timeout=5).is_success
    except httpx.TransportError:
        return False
