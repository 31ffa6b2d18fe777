"""Label Studio as it is spoken to: a local server keeps tasks as its API does, and checks what it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airmedic_core.errors import NoticeError

ROWS = [{"row": "a-0", "usage": "0.3", "model_says": "1"}, {"row": "b-0", "usage": "1.2", "model_says": "0"}]


class Studio(ThreadingHTTPServer):
    """One project, number 7. It imports a list of tasks, and exports all of them with their annotations."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tasks: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Studio

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path != "/api/projects/7/export" or query["exportType"] != ["JSON"]:
            return self._answer(404, {"detail": "Not found."})
        tasks = [
            task for task in self.server.tasks if task["annotations"] or query.get("download_all_tasks") == ["true"]
        ]
        return self._answer(200, tasks)

    def do_POST(self) -> None:
        tasks = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/api/projects/7/import" or not all(isinstance(task.get("data"), dict) for task in tasks):
            return self._answer(400, {"detail": "Validation error"})
        self.server.tasks += [
            {"id": len(self.server.tasks) + at, "annotations": [], **task} for at, task in enumerate(tasks)
        ]
        return self._answer(201, {"task_count": len(tasks)})

    def _answer(self, status: int, body: Any) -> None:
        if self.headers["Authorization"] != "Token secret":
            status, body = 401, {"detail": "Invalid token."}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    server = Studio()
    Thread(target=server.serve_forever, daemon=True).start()
    connect(monkeypatch, server, "secret")
    yield server
    server.shutdown()
    server.server_close()


def connect(monkeypatch: pytest.MonkeyPatch, server: Studio, token: str) -> None:
    host, port = server.server_address[:2]
    known = {"conn_type": "http", "host": str(host), "port": port, "password": token, "extra": {"project": 7}}
    monkeypatch.setenv("AIRFLOW_CONN_LABEL_STUDIO", json.dumps(known))


def annotation(label: Any, at: str, kind: str = "choices", *, cancelled: bool = False) -> dict[str, Any]:
    value = {kind: [label] if kind == "choices" else label}
    result = [{"from_name": "label", "to_name": "row", "type": kind, "value": value}]
    return {"result": result, "created_at": at, "was_cancelled": cancelled}


def test_rows_become_tasks_once_and_come_back_with_the_newest_label(studio: Studio) -> None:
    from airmedic.hooks.label_studio import LabelStudio

    hook = LabelStudio("label_studio")
    assert hook.hand_out(ROWS, request="f" * 64) == 2
    assert hook.hand_out(ROWS, request="f" * 64) == 0, "a task that runs again makes no task twice"
    assert [task["data"] for task in studio.tasks] == [
        {"usage": "0.3", "model_says": "1", "airmedic_row": "a-0"},
        {"usage": "1.2", "model_says": "0", "airmedic_row": "b-0"},
    ]
    assert studio.tasks[0]["meta"] == {"request": "f" * 64}
    assert hook.answers() == []
    studio.tasks[0]["annotations"] = [annotation("0", "2026-02-01"), annotation("1", "2026-02-02")]
    studio.tasks[1]["annotations"] = [annotation("1", "2026-02-03", cancelled=True)]
    assert hook.answers() == [("a-0", "1")]
    studio.tasks[1]["annotations"] = [annotation(3.5, "2026-02-04", "number")]
    assert hook.answers() == [("a-0", "1"), ("b-0", 3.5)]


def test_a_wrong_token_is_said_and_is_not_in_the_message(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.label_studio import LabelStudio

    connect(monkeypatch, studio, "stale")
    with pytest.raises(NoticeError, match="answered 401") as refused:
        LabelStudio("label_studio").hand_out(ROWS, request="f")
    assert "stale" not in str(refused.value)
    assert studio.tasks == []


def test_without_a_connection_it_says_how_to_make_one() -> None:
    from airmedic.hooks.label_studio import LabelStudio

    with pytest.raises(NoticeError, match="no Airflow connection 'nowhere'"):
        LabelStudio("nowhere")


@pytest.mark.usefixtures("adopted")
def test_where_nobody_is_asked_for_labels_nothing_is_handed_out_or_taken(studio: Studio) -> None:
    from airmedic.operators.label_studio import LabelStudioOperator
    from tests.airflow.tasks import context_of

    studio.tasks = [{"id": 1, "data": {"airmedic_row": "a-0"}, "annotations": [annotation("1", "2026-02-01")]}]
    task = LabelStudioOperator(task_id="labels", model="meter")
    assert task.execute(context_of(task)) == {"handed_out": 0, "taken": 0, "incident_ids": []}
