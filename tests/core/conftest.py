"""What tests of more than one part of the engine share."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.core.packages import install

__all__ = ["install"]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A Postgres of the system's packages, on a socket of its own, as long as the tests of one file run."""
    if shutil.which("pg_ctl") is None or shutil.which("initdb") is None:
        pytest.skip("pg_ctl and initdb are not on the path; install PostgreSQL")
    with TemporaryDirectory() as place, socket.socket() as free:
        folder = Path(place)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        as_user = _as_ordinary_user(folder)
        data, log = folder / "data", folder / "log"
        _run(*as_user, "initdb", "-D", data, "-U", "airmedic", "--auth=trust", "-E", "UTF8")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off -c timezone=Asia/Tokyo"
        _run(*as_user, "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
        try:
            yield f"postgres://airmedic@127.0.0.1:{port}/postgres"
        finally:
            _run(*as_user, "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=60)


def _as_ordinary_user(folder: Path) -> list[str]:
    """Return the words that run a program as somebody else if we are root, which Postgres refuses."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("Postgres does not run as root, and setpriv is not there to change that")
    os.chown(folder, 65534, 65534)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
