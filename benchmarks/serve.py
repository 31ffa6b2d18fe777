"""From a move of the alias to the first answer of the other version, under load, and how many requests are lost.

Uvicorn on loopback in a process of its own, a generated production with its MLflow in SQLite, and clients that ask
without a pause. The first move also loads the version; one back meets a version that is still loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import socket
import tempfile
import threading
import warnings
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import httpx

from airmedic.testing.production import day, renewals, spec_of, workspace
from airmedic_core.serving.app import app_of
from airmedic_core.settings import Settings
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

LIMIT_SECONDS = 1.0
"""States what the project promises."""
_ROW = {"usage": 0.4, "tenure": -0.2, "plan": "flex"}


def main() -> int:
    """Print how long switches take until they are answered by, and how many requests were lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--switches", type=int, default=20)
    parser.add_argument("--clients", type=int, default=3)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as home:
        ws = workspace(Path(home), renewals())
        adopt(ws, by="anna")
        train(ws, Window(day(0), day(40)), day(42), {})
        load = _Load(ws, home, chosen.clients)
        seconds = [load.switched(version) for version in ["2", "1"] * (chosen.switches // 2)]
        lost, answered = load.end()
    print(f"{'switch → first answer of the other version (s)':50}{'first':>8}{'p50':>8}{'max':>8}{'limit':>8}")
    what = f"{len(seconds)} switches, {chosen.clients} clients, {answered:,} requests"
    print(f"{what:50}{seconds[0]:8.2f}{median(seconds):8.2f}{max(seconds):8.2f}{LIMIT_SECONDS:8.0f}")
    print(f"requests lost: {lost}")
    return int(lost > 0 or max(seconds) > LIMIT_SECONDS)


def serve(home: str, port: int) -> None:
    """Serve in a process of its own."""
    import uvicorn

    warnings.simplefilter("ignore")
    ws = Workspace.open(spec_of(Path(home)), _settings(Path(home)))
    uvicorn.run(app_of(ws), host="127.0.0.1", port=port, log_level="warning")


def _settings(home: Path) -> Settings:
    tracking, ledger = f"sqlite:///{home / 'mlflow.db'}", f"sqlite:///{home / 'ledger.db'}"
    return Settings(home=home, content=home, ledger_url=ledger, tracking_uri=tracking, environment="production")


class _Load:
    """A server, and clients that ask it all the time."""

    def __init__(self, ws: Workspace, home: str, clients: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._ws, self._url = ws, f"http://127.0.0.1:{port}"
        self._server = multiprocessing.get_context("spawn").Process(target=serve, args=(home, port))
        self._server.start()
        self._stop, self._newest = threading.Event(), ""
        self.lost, self.answered = 0, 0
        while not self._answers():
            sleep(0.1)
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def switched(self, version: str) -> float:
        """Move the alias, and return the seconds from then until the clients meet the version."""
        self._ws.registry.client.set_registered_model_alias(self._ws.spec.name, "champion", version)
        started = perf_counter()
        while self._newest != version:
            sleep(0.001)
        seconds = perf_counter() - started
        sleep(0.3)
        return seconds

    def end(self) -> tuple[int, int]:
        """End all, and return how many requests were lost, and how many answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._server.terminate()
        self._server.join()
        return self.lost, self.answered

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self._url}/health").is_success
        except httpx.HTTPError:
            return False

    def _ask(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post("/predict", json={"rows": [_ROW]}).raise_for_status()
                except httpx.HTTPError:
                    self.lost += 1
                    continue
                self.answered += 1
                self._newest = answer.json()["predictions"][0]["version"]


if __name__ == "__main__":
    raise SystemExit(main())
