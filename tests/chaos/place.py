"""Where the trials of one action take place: a production that is prepared once, and made anew for each trial."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airmedic_local.process import wait_until
from tests.chaos.processes import LEASE_SECONDS, PACE, in_child, load_ahead

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

SWITCHES = """
CREATE TABLE served (number INTEGER PRIMARY KEY AUTOINCREMENT, version TEXT);
CREATE TRIGGER serves_from_now_on AFTER INSERT ON registered_model_aliases WHEN NEW.alias = 'champion'
    BEGIN INSERT INTO served (version) VALUES (NEW.version); END;
CREATE TRIGGER serves_instead AFTER UPDATE ON registered_model_aliases WHEN NEW.alias = 'champion'
    BEGIN INSERT INTO served (version) VALUES (NEW.version); END;
CREATE TRIGGER serves_no_more AFTER DELETE ON registered_model_aliases WHEN OLD.alias = 'champion'
    BEGIN INSERT INTO served (version) VALUES (NULL); END;
"""
"""MLflow's own database takes note of every version that serves, for however short a moment."""


_PATIENCE_SECONDS, _PAUSE_SECONDS = 60.0, 0.5
"""How long a server is asked again that cannot write because of another trial, and the pause in between."""


@dataclass(frozen=True)
class Production:
    """One production: its folder, and where its ledger and MLflow are."""

    folder: Path
    ledger_url: str
    tracking_uri: str
    spec: dict[str, Any] = field(default_factory=dict)
    """Further keys of the spec."""

    def opened(self) -> Workspace:
        """Open it, as each process does."""
        from airmedic_core.ledger import Ledger
        from airmedic_core.registry import Registry
        from airmedic_core.settings import Settings
        from airmedic_core.workspace import Workspace
        from tests.core.renewals import spec_of

        settings = Settings(self.folder, self.folder, self.ledger_url, self.tracking_uri, "production")
        ledger = Ledger.open(self.ledger_url, wait_seconds=15 / PACE, lease_seconds=LEASE_SECONDS)
        return Workspace(spec_of(self.folder, **self.spec), settings, ledger, Registry(self.tracking_uri, ledger))


@dataclass(frozen=True)
class Services:
    """What runs beside the trials, and how it is reached; empty where everything is a file."""

    postgres: str = ""
    """A server for ledgers, reached directly."""
    postgres_is_own: bool = False
    """Whether these trials have started it, so that it may be given disks."""
    postgres_line: str = ""
    """The same server, along a line that can be cut."""
    small_disk: str = ""
    """The folder of a disk that can be filled, which is the server's tablespace ``small_disk`` of this action."""
    mlflow_database: str = ""
    """The file that the MLflow server works on."""
    mlflow_line: str = ""
    """The MLflow server, along a line that can be cut."""
    control: str = ""
    """The file that says what the lines are to do."""


def small_tablespace(action: str) -> str:
    """Return the name of an action's tablespace on a disk that can be filled."""
    return f"small_disk_of_{action}"


class Place:
    """The production of one action, prepared once, and a copy of it for each trial."""

    def __init__(self, action: str, root: Path, services: Services) -> None:
        from tests.chaos.cases import CASES

        self.action, self.case, self.services = action, CASES[action], services
        self.root = root
        self.root.mkdir(parents=True)
        self.world = root / "world"
        """Where the world outside of Airmedic keeps what it was told: empty when a trial begins."""
        self.world.mkdir()
        self._hook = _a_hook(self.world) if self.case.asks_hook else None
        self._spec = self.case.spec(self.world)
        if "notify" in self._spec:
            _install_board(root / "site")
        self.proposal = self._prepared()
        self._rehearse()

    def renewed(self, *, along_lines: bool = False, on_small_disk: bool = False) -> Production:
        """Make the production anew.

        Parameters
        ----------
        along_lines : bool
            Whether Postgres is reached along its line. An MLflow server always is.
        on_small_disk : bool
            Whether Postgres keeps the ledger on the disk that can be filled, where there is one.
        """
        folder, services = self.root / "trial", self.services
        shutil.rmtree(folder, ignore_errors=True)
        for told in self.world.iterdir():
            told.unlink()
        shutil.copytree(self.root / "prepared", folder, ignore=shutil.ignore_patterns("mlartifacts"))
        tracking_uri = f"sqlite:///{folder / 'mlflow.db'}"
        if services.mlflow_line:
            tracking_uri = services.mlflow_line
            # The server goes on with the same file; only what is in it changes.
            with (
                closing(sqlite3.connect(folder / "mlflow.db")) as source,
                closing(sqlite3.connect(services.mlflow_database)) as target,
            ):
                source.backup(target)
        if not services.postgres:
            return Production(folder, f"sqlite:///{folder / 'ledger.db'}", tracking_uri, self._spec)
        tablespace = small_tablespace(self.action) if on_small_disk and services.small_disk else ""
        name = self._database("trial", template=f"{self._name}_prepared", tablespace=tablespace)
        if tablespace:
            self._leave_pages_empty(name)
        server = services.postgres_line if along_lines else services.postgres
        return Production(folder, f"{server.rpartition('/')[0]}/{name}", tracking_uri, self._spec)

    def served(self, production: Production) -> list[str | None]:
        """Return the versions that served since the production was made anew, without repetitions."""
        path = self.services.mlflow_database or production.folder / "mlflow.db"
        with closing(sqlite3.connect(path)) as connection:
            versions = [version for (version,) in connection.execute("SELECT version FROM served ORDER BY number")]
        return [version for version, _ in itertools.groupby(versions)]

    def act(self, production: Production) -> str:
        """Carry the proposal out, or whatever the case is about; return ``done``, or the status if it is another."""
        status = self.case.act(production.opened(), self.proposal).status
        return "done" if status == self.case.ends_as else status

    @property
    def _name(self) -> str:
        return f"chaos_{self.action}_{self.root.parent.name}"

    def _prepared(self) -> str:
        from tests.chaos.case import prepare

        folder = self.root / "prepared"
        folder.mkdir()
        url = f"sqlite:///{folder / 'ledger.db'}"
        if self.services.postgres:
            url = f"{self.services.postgres.rpartition('/')[0]}/{self._database('prepared')}"

        def work() -> str:
            production = Production(folder, url, f"sqlite:///{folder / 'mlflow.db'}", self._spec)
            return "hash " + prepare(production, self.case).hash

        killed, said = in_child(work)
        if killed or not said.startswith("hash "):
            sys.exit(f"{self.action} could not be prepared: {said}")
        with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
            connection.executescript(SWITCHES)
        return said.removeprefix("hash ")

    def _rehearse(self) -> None:
        """Carry the proposal out once, and load here what that needs."""
        production = self.renewed()

        def work() -> str:
            self.act(production)
            return "modules " + " ".join(name for name in sys.modules if not name.startswith(("tests.", "__")))

        _, said = in_child(work)
        if not said.startswith("modules "):
            sys.exit(f"{self.action} could not be rehearsed: {said}")
        load_ahead(said.split()[1:])

    def _database(self, purpose: str, template: str = "", tablespace: str = "") -> str:
        name = f"{self._name}_{purpose}"
        made = f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")
        made += f" TABLESPACE {tablespace}" if tablespace else ""
        self.on_postgres(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", made)
        return name

    def _leave_pages_empty(self, name: str) -> None:
        """Let nearly each new row of a database need room on the disk: it would find some in its table's last page."""
        import psycopg

        with psycopg.connect(f"{self.services.postgres.rpartition('/')[0]}/{name}", autocommit=True) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                connection.execute(f'ALTER TABLE "{table}" SET (fillfactor = 10)')
            # What is there already has its room on the disk then, so that only new rows have none.
            connection.execute("CHECKPOINT")

    def give_up_database(self) -> None:
        """Drop the database of the last trial, so that its disk can be taken away."""
        self.on_postgres(f"DROP DATABASE IF EXISTS {self._name}_trial WITH (FORCE)")

    def close(self) -> None:
        """End what runs beside the trials for this action alone."""
        if self._hook is not None:
            self._hook.kill()
            self._hook.wait()

    def on_postgres(self, *statements: str) -> None:
        """Execute statements on the server of the ledgers, past its line."""
        import psycopg

        give_up_at = time.monotonic() + _PATIENCE_SECONDS
        with psycopg.connect(self.services.postgres, autocommit=True) as connection:
            for statement in statements:
                while True:
                    try:
                        connection.execute(statement)
                    except psycopg.errors.InternalError:
                        # The server writes all of its memory out, also to a disk that another trial has filled.
                        if time.monotonic() > give_up_at:
                            raise
                        time.sleep(_PAUSE_SECONDS)
                    else:
                        break


def _a_hook(world: Path) -> subprocess.Popen[bytes]:
    """Start the service that a scaling is told to. Its address is in the file ``hook`` beside the world."""
    address = world.parent / "hook"
    hook = subprocess.Popen([sys.executable, "-m", "tests.chaos.hook", str(world), str(address)])
    wait_until(address.exists, what="the hook", timeout_seconds=_PATIENCE_SECONDS, poll_seconds=0.05)
    return hook


def _install_board(site: Path) -> None:
    """Install the notifier ``board``, if a place before this one has not."""
    from airmedic_core.notifiers import NOTIFIERS
    from tests.core.board import install_board
    from tests.core.packages import put

    if "board" not in NOTIFIERS.names():
        site.mkdir()
        sys.path.insert(0, str(site))
        install_board(partial(put, site))


def judged(place: Place, production: Production) -> str:
    """Return what is not as it must be once an action has been finished; empty if all is well."""
    from tests.chaos.case import problems

    def work() -> str:
        ws: Any = production.opened()
        return "; ".join(problems(ws, ws.ledger.proposal(place.proposal), place.case, place.world))

    _, wrong = in_child(work)
    served = place.served(production)
    if served != list(place.case.serves):
        wrong += f"; versions that served: {served}, not {list(place.case.serves)}"
    return wrong.removeprefix("; ")
