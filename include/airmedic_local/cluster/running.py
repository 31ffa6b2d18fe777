"""Runs the services of a compose file on this machine, as Docker Compose would."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import sysconfig
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.cluster.compose import ComposeError, Service, in_order, read_compose
from airmedic_local.cluster.first_start import initialise_airflow, make_postgres, postgres_command
from airmedic_local.cluster.mapping import Machine, image_environment, kind_of
from airmedic_local.cluster.part import Part
from airmedic_local.cluster.programs import find_programs
from airmedic_local.errors import LocalError, ServiceDiedError, WaitTimeoutError
from airmedic_local.installation import PROJECT, program
from airmedic_local.ports import HOST, free_port
from airmedic_local.process import end_leftovers

COMPOSE_FILE = PROJECT / "docker-compose.yaml"
_MARK = ".of-an-airmedic-cluster"
"""File of a folder that a run has made: no other folder is emptied."""
_LOOK_SECONDS = 0.5
_MEASURE_SECONDS = 5.0
_START_SECONDS = 300.0
"""Sets how long everything may take to be well: many times what it takes, on a busy machine as well."""
_STOPS_WITH = {"postgres": signal.SIGINT}
"""Kind of service → the signal that its image names for its end, where it is not SIGTERM."""
_KEPT = ("HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "SSL_CERT_FILE")
"""Variables of this process that programs need to run at all. Nothing else of the surrounding shell reaches them."""
_SECRET = re.compile("PASSWORD|SECRET|KEY")


class Cluster:
    """All services of the compose file. Use it as a context manager.

    Parameters
    ----------
    home : Path
        Folder of all state and logs; new.
    replaced : mapping
        Source of a mount in the compose file → the folder to mount in its place.
    tell : callable
        Takes a line for the person who watches.
    env : mapping
        Variables of ``.env``; the others are made up.
    """

    def __init__(
        self,
        home: Path,
        *,
        replaced: Mapping[str, Path] | None = None,
        tell: Callable[[str], None] = lambda _: None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home.absolute()
        self.logs = self.home / "logs"
        self.programs = find_programs()
        self.env = {**made_up(PROJECT / ".env.example"), "AIRMEDIC_DATA_DIR": str(self.home / "data"), **(env or {})}
        self.services = read_compose(COMPOSE_FILE, self.env)
        self.machine = Machine(
            self.home, self.services, PROJECT, image_environment(PROJECT / "Dockerfile"), dict(replaced or {})
        )
        self.parts: dict[str, Part] = {}
        self.took: dict[str, float] = {}
        """Service → seconds from its start until it was well."""
        self._tell = tell
        self._done: set[str] = set()
        self._lock = threading.RLock()
        self._ends = threading.Event()
        self._failure: BaseException | None = None
        self._watcher = threading.Thread(target=self._watch, name="cluster", daemon=True)
        self._clients: list[AirflowClient] = []

    @property
    def airflow_url(self) -> str:
        """Address of Airflow."""
        return f"http://{HOST}:{self.machine.port('airflow-apiserver')}"

    def client(self, user: str, password: str) -> AirflowClient:
        """Return a client of Airflow's REST interface, which the end of the cluster closes."""
        client = AirflowClient(self.airflow_url, user, password)
        self._clients.append(client)
        return client

    def environment(self, service: str) -> dict[str, str]:
        """Return the whole environment of a service."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        folders = [sysconfig.get_path("scripts"), *{str(Path(place).parent) for place in self.programs.values()}]
        path = os.pathsep.join([*folders, os.environ.get("PATH", "")])
        return {**kept, "PATH": path, **self.machine.environment(self.services[service])}

    def start(self) -> None:
        """Start all services, each when those that it depends on are as it wants them, and wait until all are well.

        Raises
        ------
        ServiceDiedError
            If one ends by itself before it was well; with the end of its log.
        WaitTimeoutError
            If one is not well in time.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        end_leftovers(self.logs)
        self.machine.make_folders()
        began = dict.fromkeys(self.services, 0.0)
        waiting = in_order(self.services)
        self._watcher.start()
        give_up_at = time.monotonic() + _START_SECONDS
        while not self._all_well(began) or waiting:
            self.check()
            for service in [service for service in waiting if self._may_start(service)]:
                waiting.remove(service)
                began[service.name] = time.monotonic()
                self._start_service(service)
            if time.monotonic() > give_up_at:
                ill = [name for name in self.services if name not in self.took]
                raise WaitTimeoutError(f"Not well after {_START_SECONDS:.0f} s: {ill}. Logs: {self.logs}")
            time.sleep(_LOOK_SECONDS / 2)

    def stop(self) -> None:
        """End everything. Nothing is left running."""
        self._ends.set()
        if self._watcher.is_alive():
            self._watcher.join()
        for client in self._clients:
            client.close()
        self._clients.clear()
        for part in reversed(self.parts.values()):
            part.stop(_STOPS_WITH.get(kind_of(part.service), signal.SIGTERM))

    def kill(self, name: str) -> int:
        """Kill a service and all its processes at once; it is started again as the compose file says."""
        with self._lock:
            return self.parts[name].kill()

    def restart(self, *names: str) -> float:
        """Stop services and start them again, as ``docker compose restart`` does, and return the seconds between."""
        began = time.monotonic()
        with self._lock:
            for name in names:
                part = self.parts[name]
                part.held = True
                part.stop(_STOPS_WITH.get(kind_of(part.service), signal.SIGTERM))
            for name in names:
                self.parts[name].start()
                self.parts[name].held = False
        return time.monotonic() - began

    def check(self) -> None:
        """Raise what went wrong beside: a service that ended before it was well, or the watch itself."""
        if self._failure is not None:
            raise self._failure
        for part in self.parts.values():
            if part.name not in self.took and part.was_started and not part.is_running:
                raise ServiceDiedError(f"{part.name} ended before it was well. Its log ends:\n{part.tail()}")

    def unwell(self) -> list[str]:
        """Return the services that do not run or fail their healthcheck."""
        return [part.name for part in self.parts.values() if not part.is_running or part.healthy is False]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _may_start(self, service: Service) -> bool:
        for other, condition in service.depends_on.items():
            if condition == "service_completed_successfully" and other not in self._done:
                return False
            if condition == "service_healthy" and not (other in self.parts and self.parts[other].healthy):
                return False
            if condition == "service_started" and other not in self.parts:
                return False
        return True

    def _all_well(self, began: Mapping[str, float]) -> bool:
        for part in self.parts.values():
            if part.name not in self.took and (part.healthy or part.service.healthcheck is None):
                self.took[part.name] = time.monotonic() - began[part.name]
                self._tell(f"{part.name} is well after {self.took[part.name]:.0f} s")
        return len(self.took) == len(self.services)

    def _start_service(self, service: Service) -> None:
        kind, env = kind_of(service), self.environment(service.name)
        if kind == "init":
            began = time.monotonic()
            initialise_airflow(service, env, self.logs / f"{service.name}.log")
            self._done.add(service.name)
            self.took[service.name] = time.monotonic() - began
            self._tell(f"{service.name} is done after {self.took[service.name]:.0f} s")
            return
        test = self._test(service)
        part = Part(service, self._command(service, kind), test, env=env, folder=self.logs, cwd=self.home)
        with self._lock:
            part.start()
            self.parts[service.name] = part

    def _command(self, service: Service, kind: str) -> list[str]:
        words = [self.machine.text(service, word) for word in service.command]
        port = self.machine.port(service.name) if kind in {"postgres", "redis", "mlflow"} else 0
        if kind == "postgres":
            data = self.machine.folders()["/var/lib/postgresql/data"]
            make_postgres(service, data, port, self.programs)
            return postgres_command(data, port, self.programs)
        if kind == "redis":
            if words[:1] != ["redis-server"]:
                raise ComposeError(f"services.{service.name}: the command {words[:1]} is not redis-server.")
            folder = self.home / "redis"
            folder.mkdir(exist_ok=True)
            place = ["--bind", HOST, "--port", str(port), "--dir", str(folder)]
            return [self.programs["redis-server"], *words[1:], *place]
        if kind == "mlflow":
            moved = [re.sub(r"^--port=\d+$", f"--port={port}", word) for word in words]
            if f"--port={port}" not in moved:
                raise ComposeError(f"services.{service.name}: the command names no --port=….")
            return [program("mlflow"), *service.entrypoint[1:], *moved]
        return [program("airflow"), *words]

    def _test(self, service: Service) -> list[str]:
        if service.healthcheck is None:
            return []
        kind, *words = [self.machine.text(service, word) for word in service.healthcheck.test]
        if kind == "CMD-SHELL":
            return ["/bin/sh", "-c", *words]
        port = ["-p", str(self.machine.port(service.name))] if words[0] in {"pg_isready", "redis-cli"} else []
        return [self.programs.get(words[0], words[0]), *port, *words[1:]]

    def _watch(self) -> None:
        measure_at = time.monotonic()
        try:
            while not self._ends.wait(_LOOK_SECONDS):
                with self._lock:
                    for part in list(self.parts.values()):
                        if part.service.restarts and part.name in self.took and not part.is_running and not part.held:
                            self._tell(f"{part.name} has ended and is started again")
                            part.restarts += 1
                            part.start()
                        part.step()
                if time.monotonic() >= measure_at:
                    for part in list(self.parts.values()):
                        part.measure()
                    measure_at = time.monotonic() + _MEASURE_SECONDS
        except Exception as error:  # noqa: BLE001  the main thread raises it
            self._failure = error


def made_up(example: Path) -> dict[str, str]:
    """Return what a person would write into ``.env``: its secrets made up, and free ports.

    Parameters
    ----------
    example : Path
        ``.env.example``.
    """
    told = dict(re.findall(r"^(\w+)=(.*)$", example.read_text(encoding="utf-8"), re.MULTILINE))
    for name in told:
        if name.endswith("FERNET_KEY"):
            told[name] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        elif _SECRET.search(name):
            told[name] = secrets.token_urlsafe(16)
        elif name.endswith("_PORT"):
            told[name] = str(free_port())
    return told


def make_anew(home: Path) -> None:
    """Make the folder of a run, without what an earlier run has left in it, on the disk or running.

    Raises
    ------
    LocalError
        If there is such a folder, and it was made by something else: nothing in it is touched.
    """
    mark = home / _MARK
    if home.exists() and not (home.is_dir() and (mark.is_file() or not any(home.iterdir()))):
        raise LocalError(f"{home} holds what is not of a cluster of Airmedic. Name an empty folder, or a new one.")
    end_leftovers(home / "logs")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    mark.touch()


def keep_logs_only(home: Path) -> None:
    """Remove what a run has made, but for its logs. A folder that no run has made is left alone."""
    if not (home / _MARK).is_file():
        return
    for path in home.iterdir():
        if path.name in {"logs", _MARK}:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
