"""Plays the quickstart in the Airflow of somebody who has never seen Airmedic, to the first incident.

Their environment comes first: Airflow 3.2.0, MLflow and scikit-learn as they were installed on a day of 2026. Airmedic
is added to it as the quickstart says, then `airmedic init-project`, `init`, `validate` and `adopt` run, Airflow starts
with `airflow standalone`, and a day whose weights are in grams is looked at. `make matrix` runs this.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "include")]

from airmedic_local.airflow_client import AirflowClient  # noqa: E402
from airmedic_local.errors import LocalError  # noqa: E402
from airmedic_local.ports import HOST, free_port  # noqa: E402
from airmedic_local.process import Process, wait_until  # noqa: E402
from scripts.fresh_environment import add_to_environment, build_wheel, installed, make_environment  # noqa: E402

AIRFLOW = "apache-airflow==3.2.0"
DAY = "2026-05-01"
"""Nothing newer than this is in their environment. Airflow 3.2.0 was three weeks old."""
THEIRS = (AIRFLOW, "mlflow", "scikit-learn")
DAYS = 60
"""Days before the one with the fault."""
_START_SECONDS = 300
"""Sets how long Airflow may take to start, its database included; 20 to 60 s on two idle cores."""


class QuickstartError(Exception):
    """A step of the quickstart did not do what it should."""


def play(folder: Path, python: str = sys.executable) -> str:
    """Play it, and return in a sentence what came of it.

    Parameters
    ----------
    folder : Path
        An empty folder for all of it.
    python : str
        The interpreter of their environment.

    Raises
    ------
    QuickstartError
        If a command fails, or no incident comes of the day with the fault.
    LocalError
        If Airflow does not start, or a run does not end.
    """
    environment = make_environment(folder / "environment", *THEIRS, "--exclude-newer", DAY, python=python)
    before = installed(environment)
    wheel = build_wheel(folder)
    add_to_environment(environment, f"airmedic[airflow,mlflow] @ {wheel.as_uri()}", AIRFLOW)
    after = installed(environment)
    moved = [f"{name} {version} → {after[name]}" for name, version in before.items() if after[name] != version]
    port = free_port()
    env = _settings(folder, environment, port)
    orders = folder / "orders.csv"
    _write_rows(orders)
    for words in (
        ("init-project",),
        ("init", str(orders), "--target", "returned"),
        ("validate", "--data"),
        ("adopt", "--model", "orders"),
        ("doctor",),
    ):
        _airmedic(environment, env, folder, *words)
    airflow = Process(
        "standalone", [str(environment.with_name("airflow")), "standalone"], env=env, folder=folder / "run", cwd=folder
    )
    try:
        cause = _look(airflow, f"http://{HOST}:{port}", environment, env, folder)
    finally:
        airflow.stop()
    return f"an incident of cause {cause}; of {len(before)} packages {', '.join(moved) or 'none'} moved"


def _settings(folder: Path, environment: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIR", "MLFLOW_", "PYTHON"))}
    return kept | {
        "PATH": f"{environment.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__API__HOST": HOST,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
        "AIRMEDIC_LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}",
    }


def _write_rows(path: Path) -> None:
    """Write orders of 5 minutes each; on the last day, weights are in grams."""
    random = np.random.default_rng(7)
    count = (DAYS + 1) * 288
    frame = pd.DataFrame(
        {
            "ordered_at": pd.date_range("2026-01-01", periods=count, freq="5min"),
            "weight": random.gamma(4.0, 2.0, count).round(3),
            "items": random.poisson(3, count),
        }
    )
    frame["returned"] = (random.random(count) < 1 / (1 + np.exp(2.0 - 0.4 * frame["items"]))).astype(int)
    frame.loc[frame.index[-288:], "weight"] *= 1_000
    frame.to_csv(path, index=False)


def _airmedic(environment: Path, env: Mapping[str, str], folder: Path, *words: str, code: int = 0) -> str:
    command = [str(environment.with_name("airmedic")), *words]
    done = subprocess.run(command, env=dict(env), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise QuickstartError(f"airmedic {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def _look(airflow: Process, url: str, environment: Path, env: Mapping[str, str], folder: Path) -> str:
    """Let Airflow look at the day with the fault, and return the cause of the incident."""
    client = AirflowClient(url)
    try:
        wait_until(lambda: _answers(airflow, client), what="Airflow", timeout_seconds=_START_SECONDS, poll_seconds=1)
        client.wait_for_dags(["monitor__orders", "remediate__orders"])
        client.unpause("monitor__orders")
        day = pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(days=DAYS)
        window = {"window_start": day.isoformat(), "window_end": (day + pd.Timedelta(days=1)).isoformat()}
        run_id = client.trigger("monitor__orders", window, run_id="first_look")
        run = client.wait_for_run("monitor__orders", run_id)
        if run["state"] != "success":
            raise QuickstartError(f"The run has {run['state']}: {client.task_states('monitor__orders', run_id)}")
        incidents: list[dict[str, Any]] = json.loads(
            _airmedic(environment, env, folder, "incidents", "--open", "--json", "-", code=1)
        )
        remediations = [other["dag_run_id"] for other in client.runs("remediate__orders")]
        if len(incidents) != 1 or len(remediations) != 1:
            raise QuickstartError(f"One incident and its remediation were expected: {incidents}, {remediations}")
        return str(incidents[0]["cause"])
    finally:
        client.close()


def _answers(airflow: Process, client: AirflowClient) -> bool:
    airflow.check()
    try:
        client.dag_ids()
    except LocalError:
        return False
    return True


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(play(Path(place)))  # noqa: T201 - a script that says what came of it
