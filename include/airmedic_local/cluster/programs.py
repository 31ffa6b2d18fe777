"""Finds the programs that a cluster needs beside Python's packages."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from airmedic_local.errors import LocalError

_POSTGRES_FOLDERS = Path("/usr/lib/postgresql")
"""Says where Debian and Ubuntu keep the programs of Postgres, a folder for each version, off the PATH."""

_WANTED = {
    "postgres": "postgresql",
    "initdb": "postgresql",
    "pg_isready": "postgresql-client",
    "psql": "postgresql-client",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "curl": "curl",
    "setpriv": "util-linux",
}
"""Program → the package of Debian and Ubuntu that brings it."""


class MissingProgramError(LocalError):
    """A program is not installed. The message says which, and how to install it."""


def find_programs() -> dict[str, str]:
    """Return program → path of all that a cluster needs.

    Raises
    ------
    MissingProgramError
        Names all that are missing.
    """
    folders = sorted(_POSTGRES_FOLDERS.glob("*/bin"), key=_version, reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    wanted = {program: package for program, package in _WANTED.items() if program != "setpriv" or os.geteuid() == 0}
    there = {program: shutil.which(program, path=path) for program in wanted}
    missing = [program for program, place in there.items() if place is None]
    if missing:
        packages = " ".join(sorted({wanted[program] for program in missing}))
        raise MissingProgramError(
            f"The cluster needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed here. "
            f"On Debian or Ubuntu: apt-get install {packages}. Elsewhere: PostgreSQL, Redis and curl by whatever name."
        )
    return {program: place for program, place in there.items() if place is not None}


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdecimal() else 0
