"""`airmedic serve` as a process of its own, asked without a pause while canaries are tried, promoted and aborted."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic

import httpx
import pandas as pd
import pytest
import yaml

from airmedic_core.execution import carry_out, complete, undo
from airmedic_core.records import Cause
from airmedic_core.rollout import health
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, incident_of, observe, two_versions

CUSTOMERS = 40


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    prepared, folder = tmp_path_factory.mktemp("prepared"), tmp_path_factory.mktemp("served")
    two_versions(prepared)
    rollout = {"strategy": "canary", "options": {"fractions": [0.4], "min_block_rows": 5}}
    logged = {"prediction": {"score": "p", "version": "model_version"}}
    ws = copy_of(prepared, folder, entity_column="customer", gate={"min_rows": 10}, rollout=rollout)
    (folder / "models").mkdir()
    raw = ws.spec.model_dump(mode="json", exclude_defaults=True) | logged
    (folder / "models" / "renewals.yaml").write_text(yaml.safe_dump(raw))
    return ws


@dataclass
class Traffic:
    """Clients that ask without a pause, and what they were answered last."""

    url: str
    lost: list[str] = field(default_factory=list)
    answered_by: dict[int, str] = field(default_factory=dict)
    """Customer → the version that answered last."""
    requests: int = 0

    def ask(self, stop: threading.Event) -> None:
        rows = [{"usage": 0.4, "tenure": -0.2, "plan": "flex", "customer": customer} for customer in range(CUSTOMERS)]
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not stop.is_set():
                try:
                    answer = client.post("/predict", json={"rows": rows}).raise_for_status().json()["predictions"]
                except httpx.HTTPError as error:
                    self.lost.append(str(error))
                    continue
                self.answered_by = {customer: told["version"] for customer, told in enumerate(answer)}
                self.requests += 1

    @property
    def versions(self) -> set[str]:
        return set(self.answered_by.values())


@contextmanager
def served(folder: Path, log: Path) -> Iterator[Traffic]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "airmedic_core.cli", "serve", "--model", str(folder / "models" / "renewals.yaml")]
    env = {**os.environ, "AIRMEDIC_HOME": str(folder), "AIRMEDIC_CONTENT": str(folder)}
    env |= {"MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
    server = subprocess.Popen([*command, "--port", str(port), "--log", str(log)], env=env, cwd=folder)
    traffic, stop = Traffic(f"http://127.0.0.1:{port}"), threading.Event()
    client = threading.Thread(target=traffic.ask, args=(stop,))
    try:
        until(lambda: _answers(traffic.url) or server.poll() is not None)
        assert server.poll() is None, "the server has ended"
        client.start()
        yield traffic
    finally:
        stop.set()
        if client.ident is not None:
            client.join()
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).is_success
    except httpx.HTTPError:
        return False


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that the server does by itself."""
    waited, started = threading.Event(), monotonic()
    while not holds():
        assert monotonic() - started < 120, "it never came"
        waited.wait(0.05)


@pytest.mark.slow
def test_a_canary_is_promoted_and_one_is_aborted_in_live_traffic_and_no_request_is_lost(
    ws: Workspace, tmp_path: Path
) -> None:
    folder = ws.settings.home
    with served(folder, tmp_path / "log") as traffic:
        until(lambda: traffic.versions == {"1"})
        better = approved(ws, incident_of(ws, 42), "deploy", {"version": "2", "gate": {"champion": "1"}})
        carry_out(ws, better.hash, now=NOW)
        until(lambda: traffic.versions == {"1", "2"})
        trial = ws.registry.trial("renewals")
        assert trial is not None
        met = [traffic.answered_by[customer] == "2" for customer in range(CUSTOMERS)]
        assert met == trial.answers(list(range(CUSTOMERS))).tolist()
        for number in range(43, 50):
            observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
        assert health(ws, better, now=NOW).status == "healthy"
        complete(ws, better.hash, now=NOW)
        until(lambda: traffic.versions == {"2"})

        # The version that served before is tried beside it, and does surely worse.
        worse = approved(ws, incident_of(ws, 50), "deploy", {"version": "1", "gate": {"champion": "2"}})
        carry_out(ws, worse.hash, now=NOW + timedelta(hours=1))
        until(lambda: traffic.versions == {"1", "2"})
        for number in range(51, 58):
            observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
        assert health(ws, worse, now=NOW + timedelta(hours=2)).status == "unhealthy"
        undo(ws, worse.hash, now=NOW + timedelta(hours=2))
        until(lambda: traffic.versions == {"2"})
        asked, lost = traffic.requests, traffic.lost
    assert asked > 10
    assert lost == []
    logged = pd.concat(pd.read_parquet(path) for path in (tmp_path / "log").rglob("*.parquet"))
    assert set(logged["model_version"]) == {"1", "2"}
