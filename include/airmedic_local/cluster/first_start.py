"""Says what the images of a compose file do at their first start: making a database, migrating, and adding a user."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from airmedic_local.cluster.compose import ComposeError, Service
from airmedic_local.errors import ServiceDiedError
from airmedic_local.installation import program
from airmedic_local.ports import HOST

_POSTGRES_USER = "postgres"
"""Postgres refuses to run as root; its packages bring this user."""
_READY_SECONDS = 60.0
"""Sets how long a new Postgres may take to answer; it takes two."""
_ENTERED_BY_ALL = 0o711
"""Rights of a folder that others may pass through and not list."""


def as_postgres(command: list[str], programs: Mapping[str, str]) -> list[str]:
    """Return a command that runs as Postgres' user where this process belongs to root."""
    if os.geteuid() != 0:
        return command
    user = [f"--reuid={_POSTGRES_USER}", f"--regid={_POSTGRES_USER}", "--clear-groups"]
    return [programs["setpriv"], *user, *command]


def reachable_home(home: Path, programs: Mapping[str, str]) -> Path:
    """Return the folder of a run: as asked for, or a new temporary one where Postgres' user cannot enter that.

    The home folder of root lets no other user in, and what belongs to it stays as it is.

    Parameters
    ----------
    home : Path
        Where the run is to keep its state. It need not exist.
    programs : mapping
        Name → path.
    """
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    if subprocess.call(as_postgres(["test", "-x", str(there)], programs)) == 0:
        return home
    other = Path(tempfile.mkdtemp(prefix="airmedic-cluster-"))
    other.chmod(_ENTERED_BY_ALL)
    return other


def make_postgres(service: Service, data: Path, port: int, programs: Mapping[str, str]) -> None:
    """Make the databases of a Postgres, as its image does at the first start; nothing where they are there.

    Parameters
    ----------
    service : Service
        Names its user, password and database, and the scripts of its first start.
    data : Path
        Its folder.
    port : int
        Where it listens.
    programs : mapping
        Name → path.
    """
    if (data / "PG_VERSION").exists():
        return
    told = service.environment
    user, database = told["POSTGRES_USER"], told["POSTGRES_DB"]
    secret, script = data.parent / "password", data.parent / "first_start.sql"
    secret.write_text(told["POSTGRES_PASSWORD"], encoding="utf-8")
    script.write_text("".join([f"CREATE DATABASE {database};\n", *service.scripts.values()]), encoding="utf-8")
    if os.geteuid() == 0:
        for path in (data, secret):
            shutil.chown(path, _POSTGRES_USER)
    _run(
        as_postgres(
            [programs["initdb"], "-D", str(data), "-U", user, "-A", "scram-sha-256", f"--pwfile={secret}"], programs
        )
    )
    secret.unlink()
    server = subprocess.Popen(
        postgres_command(data, port, programs), cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        ready = [programs["pg_isready"], "-q", "-h", HOST, "-p", str(port)]
        give_up_at = time.monotonic() + _READY_SECONDS
        while subprocess.call(ready) and time.monotonic() < give_up_at:
            time.sleep(0.1)
        psql = [programs["psql"], "-q", "-h", HOST, "-p", str(port), "-U", user, "-d", "postgres"]
        env = {**os.environ, "PGPASSWORD": told["POSTGRES_PASSWORD"]}
        _run([*psql, "-v", "ON_ERROR_STOP=1", "-f", str(script)], env)
    finally:
        server.terminate()
        server.wait()


def postgres_command(data: Path, port: int, programs: Mapping[str, str]) -> list[str]:
    """Return the command that runs a Postgres on loopback alone.

    Parameters
    ----------
    data : Path
        Its folder.
    port : int
        Where it listens.
    programs : mapping
        Name → path.
    """
    return as_postgres([programs["postgres"], "-D", str(data), "-p", str(port), "-h", HOST, "-k", ""], programs)


def initialise_airflow(service: Service, env: Mapping[str, str], log: Path) -> None:
    """Do what the entrypoint of Airflow's image does where a service asks for it with ``_AIRFLOW_…`` variables.

    Parameters
    ----------
    service : Service
        Its command is a script that ends by calling the entrypoint.
    env : mapping
        Its whole environment.
    log : Path
        Where to write what the programs say.

    Raises
    ------
    ComposeError
        If its script does something else.
    """
    for line in filter(None, map(str.strip, service.command[1].splitlines())):
        # Here, all folders belong to one user already.
        if line not in {"set -e", "exec /entrypoint airflow version"} and not line.startswith("chown -R 50000:0 "):
            raise ComposeError(f"services.{service.name}: {line!r} is not known here.")
    airflow = program("airflow")
    if env.get("_AIRFLOW_DB_MIGRATE") == "true":
        _run([airflow, "db", "migrate"], env, log)
    if env.get("_AIRFLOW_WWW_USER_CREATE") == "true":
        name = env["_AIRFLOW_WWW_USER_USERNAME"]
        # What the image takes where nothing is said.
        told = [
            "--firstname",
            "Airflow",
            "--lastname",
            "Admin",
            "--email",
            "airflowadmin@example.com",
            "--role",
            "Admin",
        ]
        secret = ["--password", env["_AIRFLOW_WWW_USER_PASSWORD"]]
        _run([airflow, "users", "create", "--username", name, *told, *secret], env, log)


def _run(command: list[str], env: Mapping[str, str] | None = None, log: Path | None = None) -> None:
    done = subprocess.run(command, env=env, cwd="/", capture_output=True, text=True, check=False)
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(done.stdout + done.stderr)
    if done.returncode:
        name = Path(command[0]).name
        raise ServiceDiedError(
            f"{name} failed with exit code {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
        )
