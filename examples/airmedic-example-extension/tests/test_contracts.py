"""Each member keeps the promises of its family."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest
from airmedic_example.restart_feed import restarted_for
from airmedic_example.scorecard import Card

from airmedic.testing import Arrangement, contract_tests


def a_file(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_json(folder / "rows.jsonl", orient="records", lines=True, date_format="iso", date_unit="us")
    return {"path": str(folder / "rows.jsonl")}


TOLD: list[str] = []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        TOLD.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None: ...


SERVER = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)

test_check = contract_tests("checks", "negatives")
test_action = contract_tests("actions", "restart_feed", arrange=Arrangement(world=restarted_for))
test_rollout = contract_tests("rollout", "at_once")
test_source = contract_tests("sources", "json_lines", arrange=Arrangement(deliver=a_file))
test_flavour = contract_tests(
    "flavours", "scorecard", arrange=Arrangement(train=lambda rows, labels: Card().fit(rows, labels), categories=False)
)
test_notifier = contract_tests(
    "notifiers",
    "board",
    arrange=Arrangement(options={"url": f"http://127.0.0.1:{SERVER.server_port}/"}, told=lambda: "\n".join(TOLD)),
)
test_collector = contract_tests("collectors", "weekday")
test_change = contract_tests("changes", "latency_rows")


@pytest.fixture(scope="session", autouse=True)
def _receiver() -> Iterator[None]:
    Thread(target=SERVER.serve_forever, daemon=True).start()
    yield
    SERVER.shutdown()
    SERVER.server_close()
