"""The reference server on loopback, and what is asked of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from airmedic_core.serving.app import app_of
from airmedic_core.workspace import Workspace

CANARY = {"strategy": "canary", "options": {"fractions": [0.4], "min_block_rows": 5}}


@contextmanager
def served(ws: Workspace, log: Path | None = None) -> Iterator[httpx.Client]:
    import uvicorn

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app_of(ws, log), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            until(lambda: server.started)
            yield client
    finally:
        server.should_exit = True
        thread.join()


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that the server does by itself."""
    waited = threading.Event()
    started = monotonic()
    while not holds():
        assert monotonic() - started < 30, "it never came"
        waited.wait(0.02)


def row(customer: int | str | None = 1, **more: Any) -> dict[str, Any]:
    return {"usage": 0.4, "tenure": -0.2, "plan": "flex", "customer": customer, **more}


def versions(client: httpx.Client, customers: range) -> dict[int, str]:
    answer = client.post("/predict", json={"rows": [row(customer) for customer in customers]})
    assert answer.status_code == 200, answer.text
    return dict(zip(customers, (told["version"] for told in answer.json()["predictions"]), strict=True))


def champion_of(client: httpx.Client) -> str:
    return str(client.get("/health").json()["champion"])


def logged(folder: Path) -> Any:
    import pandas as pd

    return pd.concat([pd.read_parquet(path) for path in sorted(folder.rglob("*.parquet"))], ignore_index=True)
