"""What the Airflow tests share. Those without the mark ``airflow`` need no database and start nothing."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace
    from airmedic_local.airflow_client import AirflowClient
    from airmedic_local.installation import Installation
    from airmedic_local.process import Process

SPEC = """\
name: {name}
task: binary
target: y
data:
  path: /nowhere/{name}.csv
  time_column: at
"""


@pytest.fixture(scope="session", autouse=True)
def _airflow_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    # Airflow reads these when it is first imported, which is why no test module here imports it at its top.
    home = tmp_path_factory.mktemp("airflow_home")
    os.environ["AIRFLOW_HOME"] = str(home)
    os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A content folder with one valid model spec, ``alpha``."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "alpha.yaml").write_text(SPEC.format(name="alpha"))
    monkeypatch.setenv("AIRMEDIC_CONTENT", str(tmp_path))
    monkeypatch.setenv("AIRMEDIC_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(scope="session")
def adopted_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose model ``meter`` has a champion in a ledger and an MLflow store of its own. Copy it."""
    from tests.airflow.production import meter

    home = tmp_path_factory.mktemp("adopted")
    (home / "models").mkdir()
    meter.write_rows(home / "meter.csv")
    meter.write_spec(home / "models", "meter", home / "meter.csv")
    with _living_in(home):
        from airmedic.hooks.workspace import open_workspace
        from airmedic_core.training.adopt import adopt

        adopt(open_workspace("meter"), by="anna")
    return home


@pytest.fixture(scope="module")
def adopted(adopted_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of that home for one module, in which the operators live."""
    home = tmp_path_factory.mktemp("home") / "home"
    shutil.copytree(adopted_home, home)
    with _living_in(home):
        yield home


@contextmanager
def _living_in(home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("AIRMEDIC_HOME", str(home))
        patch.setenv("AIRMEDIC_CONTENT", str(home))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{home / 'mlflow.db'}")
        patch.chdir(home)
        yield


KINDS = ("monitor", "remediate", "review")
SLOW = ("slow", "orphaned", "lost")
"""Models whose first training waits to be killed."""
TRIED = ("promoted", "ended", "continued")
"""Models that roll out by a canary whose time is over at once; named after the answer to the question that follows."""
MODELS = (
    "meter",
    "hasty",
    "careful",
    "reviewed",
    "delegated",
    "mended",
    "announced",
    "returned",
    "calm",
    "converted",
    "unlabelled",
    *TRIED,
    *SLOW,
)
PIPELINES = ("ingest", "deliver", "train_meter", "score_day")


@dataclass(frozen=True)
class Running:
    """A running Airflow and MLflow with the model ``meter``."""

    installation: Installation
    content: Path
    clients: dict[str, AirflowClient] = field(default_factory=dict)
    dead: list[Process] = field(default_factory=list)
    """Programs that were killed, whose own processes may live on."""

    def client(self, user: str = "anna") -> AirflowClient:
        if user not in self.clients:
            self.clients[user] = self.installation.client(user)
        return self.clients[user]

    def adopt(self, model: str) -> None:
        """Give a model its first champion, unless it has one."""
        from airmedic_core.training.adopt import adopt
        from tests.airflow.production import meter

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's own, where it reads type hints
            adopt(self.workspace(model), by="anna")
        if model in SLOW:
            rows = self.installation.home / "meter.csv"
            meter.write_spec(self.content / "models", model, rows, using="slow_training:fit")

    @contextmanager
    def without_mlflow(self) -> Iterator[None]:
        """Stop MLflow, and start it again afterwards."""
        processes = self.installation._processes
        server = next(process for process in processes if process.name == "mlflow")
        server.stop()
        processes.remove(server)
        try:
            yield
        finally:
            self.installation._start_mlflow(self.installation.environment())
            self.installation._wait(
                lambda: self.installation._answers(f"{self.installation.mlflow_url}/health"), "MLflow"
            )

    @contextmanager
    def without_scheduler(self, *, its_workers_too: bool) -> Iterator[None]:
        """Kill the scheduler as ``kill -9`` does, with all that it has started if wanted; start another afterwards."""
        processes = self.installation._processes
        scheduler = next(process for process in processes if process.name == "scheduler")
        main = psutil.Process(scheduler._popen.pid)
        arguments = main.cmdline()
        killed = [main, *(main.children(recursive=True) if its_workers_too else ())]
        for process in killed:
            process.kill()
        scheduler._popen.wait()
        processes.remove(scheduler)
        self.dead.append(scheduler)
        try:
            yield
        finally:
            self.installation._run("scheduler", arguments, self.installation.environment())

    def workspace(self, model: str = "meter") -> Workspace:
        from airmedic_core.settings import Settings
        from airmedic_core.workspace import Workspace

        return Workspace.open(model, Settings.from_env(self.installation.environment()))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start Airflow and MLflow once for all tests with the mark ``airflow``."""
    from airmedic_local.installation import PROJECT, Installation
    from tests.airflow.production import meter

    home = tmp_path_factory.mktemp("running")
    content, dags = home / "content", home / "dags"
    shutil.copytree(PROJECT / "include" / "policies", content / "policies")
    (content / "models").mkdir()
    dags.mkdir()
    for name in ("monitor.py", "remediate.py", "review.py"):
        shutil.copy(PROJECT / "dags" / name, dags / name)
    # Two files share the models, as they would if there were many.
    shutil.copy(PROJECT / "dags" / "monitor.py", dags / "monitor_2.py")
    shutil.copy(PROJECT / "dags" / "remediate.py", dags / "remediate_2.py")
    for name in ("slow_training", *PIPELINES):
        shutil.copy(Path(meter.__file__).parent / f"{name}.py", dags / f"{name}.py")
    careful = (content / "policies" / "default.yaml").read_text().replace("permission: ask\n", "permission: ask_two\n")
    (content / "policies" / "careful.yaml").write_text(careful)
    (home / "airflow" / "config").mkdir(parents=True)
    local_settings = "airflow_local_settings.py"
    shutil.copy(Path(meter.__file__).parent / local_settings, home / "airflow" / "config" / local_settings)
    rows = home / "meter.csv"
    meter.write_rows(rows)
    meter.write_spec(content / "models", "meter", rows)
    meter.write_spec(content / "models", "hasty", rows, escalate=8, expire=70)
    meter.write_spec(content / "models", "careful", rows, policy="careful")
    for name in SLOW:
        meter.write_spec(content / "models", name, rows)
    meter.write_spec(content / "models", "reviewed", rows, upstream="ingest")
    meter.write_spec(content / "models", "delegated", rows, using="dag:train_meter")
    meter.write_spec(content / "models", "announced", rows, asset="announced")
    meter.write_rows(home / "whole.csv", turn=meter.DAYS)
    meter.write_rows(home / "mended.csv", turn=meter.DAYS, broken=meter.TURN)
    meter.write_spec(content / "models", "mended", home / "mended.csv", upstream="deliver")
    meter.write_spec(content / "models", "returned", home / "whole.csv")
    meter.write_spec(content / "models", "calm", rows)
    meter.write_rows(home / "converted.csv", turn=meter.DAYS)
    meter.convert(home / "converted.csv", meter.CONVERTED)
    meter.write_spec(content / "models", "converted", home / "converted.csv")
    meter.write_rows(home / "unlabelled.csv", labelled_days=meter.DAYS - 1)
    meter.write_spec(content / "models", "unlabelled", home / "unlabelled.csv")
    meter.write_rows(home / "machines.csv", machines=36)
    for name in TRIED:
        meter.write_tried_spec(content / "models", name, home / "machines.csv")
    installation = Installation(
        home,
        users=dict.fromkeys(("anna", "boris", "carol", "mallory"), "admin"),
        dags=dags,
        env={
            "AIRMEDIC_CONTENT": str(content),
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "20",
        },
    )
    with installation:
        running = Running(installation, content)
        running.client().wait_for_dags([*PIPELINES, *(f"{kind}__{model}" for kind in KINDS for model in MODELS)])
        yield running
        for process in running.dead:
            process.stop()
        for client in running.clients.values():
            client._http.close()
