"""One Airflow and one MLflow server on loopback, with their state in one folder."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.errors import ServiceDiedError
from airmedic_local.ports import HOST, free_port
from airmedic_local.process import Process, end_leftovers, wait_until

PROJECT = Path(__file__).resolve().parents[2]
"""The project folder."""

_FOREIGN = (
    "AIRFLOW__",
    "AIRFLOW_HOME",
    "AIRMEDIC_HOME",
    "AIRMEDIC_LEDGER",
    "AIRMEDIC_CONTENT",
    "MLFLOW_",
    "PYTHONPATH",
)
"""Variables of the surrounding shell that would point into another installation. Connections (AIRFLOW_CONN_…) stay."""


@dataclass
class Installation:
    """Airflow (SQLite, LocalExecutor) and an MLflow server on one machine.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`. Everything listens on loopback only.

    Parameters
    ----------
    home : Path
        Folder of all state. A second start with the same folder continues where the first ended.
    users : mapping of str to str
        User name → role (``admin``, ``op``, ``user``, ``viewer``) with passwords made up once per home. Empty: nobody
        is asked to log in, and everybody is an administrator; for a demo on one's own machine only.
    airflow_port, mlflow_port : int
        Chosen freely where not given.
    dags : Path
        The DAG folder.
    env : mapping
        More variables for all processes; they win.
    """

    home: Path
    users: Mapping[str, str] = field(default_factory=dict)
    airflow_port: int = 0
    mlflow_port: int = 0
    dags: Path = PROJECT / "dags"
    env: Mapping[str, str] = field(default_factory=dict)
    _processes: list[Process] = field(default_factory=list, repr=False)
    _clients: list[AirflowClient] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.home = self.home.absolute()
        self.airflow_port = self.airflow_port or free_port()
        self.mlflow_port = self.mlflow_port or free_port()

    @property
    def airflow_url(self) -> str:
        """Address of Airflow."""
        return f"http://{HOST}:{self.airflow_port}"

    @property
    def mlflow_url(self) -> str:
        """Address of MLflow."""
        return f"http://{HOST}:{self.mlflow_port}"

    @property
    def logs(self) -> Path:
        """Folder of the processes' logs."""
        return self.home / "run"

    def client(self, user: str = "") -> AirflowClient:
        """Return a client of Airflow's REST interface, which :meth:`stop` closes.

        Parameters
        ----------
        user : str
            One of ``users``; empty for the first of them, or for nobody where everybody is an administrator.
        """
        name = user or next(iter(self.users), "")
        client = AirflowClient(self.airflow_url, name, self.password(name) if name else "")
        self._clients.append(client)
        return client

    def password(self, user: str) -> str:
        """Return the password of one of ``users``."""
        return self._secrets()[f"password_{user}"]

    def start(self) -> None:
        """Start everything and wait until it answers.

        Raises
        ------
        ServiceDiedError
            If a program ends by itself; with the end of its log.
        WaitTimeoutError
            If one does not answer in time.
        """
        end_leftovers(self.logs)
        env = self.environment()
        (self.home / "airflow").mkdir(parents=True, exist_ok=True)
        self._write_passwords()
        try:
            self._start_mlflow(env)
            self._migrate(env)
            for name, arguments in (
                ("api-server", ["api-server", "--workers", "1"]),
                ("scheduler", ["scheduler", "--skip-serve-logs"]),
                ("dag-processor", ["dag-processor"]),
                ("triggerer", ["triggerer", "--skip-serve-logs"]),
            ):
                self._run(name, [program("airflow"), *arguments], env)
            self._wait(lambda: self._answers(f"{self.mlflow_url}/health"), "MLflow")
            self._wait(self._airflow_is_healthy, "Airflow")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything. Nothing is left running."""
        for client in self._clients:
            client.close()
        self._clients.clear()
        for process in self._processes:
            process.ask_to_stop()
        for process in self._processes:
            process.stop()
        self._processes.clear()

    def check(self) -> None:
        """Raise :class:`ServiceDiedError` if one of the programs has ended by itself."""
        for process in self._processes:
            process.check()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """Return the environment of every process of this installation."""
        secret = self._secrets()
        airflow_home = self.home / "airflow"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {
            **kept,
            "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "plugins")]),
            "AIRMEDIC_HOME": str(self.home),
            "MLFLOW_TRACKING_URI": self.mlflow_url,
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # Eight more processes, for judging traces on the server: nothing here asks for that.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "GX_ANALYTICS_ENABLED": "false",
            # Tasks run side by side: a pool of threads in each would only fight for the same cores.
            "OMP_NUM_THREADS": "1",
            "AIRFLOW_HOME": str(airflow_home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            # Workers are forked one by one up to this number; a small machine has no use for the default of 32.
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__FERNET_KEY": secret["fernet_key"],
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.airflow_url}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": str(not self.users),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in self.users.items()),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(airflow_home / "passwords.json"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_home / 'airflow.db'}",
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(self.airflow_port),
            "AIRFLOW__API__BASE_URL": self.airflow_url,
            "AIRFLOW__API__SECRET_KEY": secret["api_secret_key"],
            "AIRFLOW__API_AUTH__JWT_SECRET": secret["jwt_secret"],
            # The defaults suit a fleet. Here a person watches: these make each step about half a second long.
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "2",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(airflow_home / "logs"),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            **self.env,
        }

    def _start_mlflow(self, env: Mapping[str, str]) -> None:
        store = self.home / "mlflow"
        store.mkdir(parents=True, exist_ok=True)
        command = [program("mlflow"), "server", "--host", HOST, "--port", str(self.mlflow_port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{store / 'mlflow.db'}"]
        command += ["--artifacts-destination", str(store / "artifacts"), "--serve-artifacts"]
        server_env = {name: value for name, value in env.items() if name != "MLFLOW_TRACKING_URI"}
        self._run("mlflow", command, server_env)

    def _migrate(self, env: Mapping[str, str]) -> None:
        done = subprocess.run(
            [program("airflow"), "db", "migrate"], env=env, capture_output=True, text=True, check=False, cwd=self.home
        )
        if done.returncode:
            raise ServiceDiedError(f"airflow db migrate failed:\n{(done.stdout + done.stderr)[-3000:]}")

    def _run(self, name: str, command: list[str], env: Mapping[str, str]) -> None:
        self._processes.append(Process(name, command, env=env, folder=self.logs, cwd=self.home))

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        def met() -> bool:
            self.check()
            return condition()

        wait_until(met, what=f"{what} to answer (logs: {self.logs})", timeout_seconds=600, poll_seconds=0.25)

    def _answers(self, url: str) -> bool:
        try:
            return httpx.get(url, timeout=5).is_success
        except httpx.TransportError:
            return False

    def _airflow_is_healthy(self) -> bool:
        try:
            answer = httpx.get(f"{self.airflow_url}/api/v2/monitor/health", timeout=5)
        except httpx.TransportError:
            return False
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return answer.is_success and all(answer.json()[part]["status"] == "healthy" for part in parts)

    def _secrets(self) -> dict[str, str]:
        """Return the secrets of this home, made up at the first start and kept readable by its owner only."""
        path = self.home / "secrets.json"
        known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        wanted = ["api_secret_key", "jwt_secret", *(f"password_{name}" for name in self.users)]
        # People type their passwords: 96 random bits are enough for them.
        missing = {
            name: secrets.token_urlsafe(12 if name.startswith("password_") else 32)
            for name in wanted
            if name not in known
        }
        if "fernet_key" not in known:
            missing["fernet_key"] = urlsafe_b64encode(secrets.token_bytes(32)).decode()
        if missing:
            self.home.mkdir(parents=True, exist_ok=True)
            known |= missing
            _write_private(path, known)
        return known

    def _write_passwords(self) -> None:
        secret = self._secrets()
        passwords = {name: secret[f"password_{name}"] for name in self.users}
        _write_private(self.home / "airflow" / "passwords.json", passwords)


def program(name: str) -> str:
    """Return the path of a program that was installed beside this Python.

    Raises
    ------
    ServiceDiedError
        If it is not there.
    """
    program = shutil.which(name, path=f"{sysconfig.get_path('scripts')}{os.pathsep}{Path(sys.executable).parent}")
    if program is None:
        raise ServiceDiedError(f"There is no {name!r} beside {sys.executable}. Run make, which sets up .venv.")
    return program


def _write_private(path: Path, content: Mapping[str, str]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(content), encoding="utf-8")
