"""A real Postgres, started from the system's packages on loopback."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Return the folder of Postgres' programs, or nothing where it is not installed."""
    folders = [Path(path).parent for path in [shutil.which("initdb")] if path]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def run(*command: str) -> None:
    """Run a program of Postgres, which never works for root."""
    if os.geteuid() == 0:
        command = ("su", "postgres", "-c", shlex.join(command))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a server with Postgres' programs in a folder, and yield the URL of its first database."""
    control = str(folder / "pg_ctl")
    with tempfile.TemporaryDirectory() as home, socket.socket() as unused:
        if os.geteuid() == 0:
            shutil.chown(home, "postgres")
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        unused.close()
        data = f"{home}/data"
        run(str(folder / "initdb"), "-D", data, "-U", "airmedic", "-A", "trust", "-N")
        run(control, "-D", data, "-l", f"{home}/log", "-w", "-o", f"-p {port} -h 127.0.0.1 -k '' -F", "start")
        try:
            yield f"postgresql://airmedic@127.0.0.1:{port}/postgres"
        finally:
            run(control, "-D", data, "-m", "immediate", "stop")
