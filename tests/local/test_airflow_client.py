"""The client against a server on loopback that answers as Airflow does when its database is locked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.errors import RequestRefusedError

LOCKED = (500, {"detail": {"reason": "Database error", "orig_error": "database is locked"}})
Answer = tuple[int, dict[str, object]]


class LoopbackServer(ThreadingHTTPServer):
    """Answers each request with the next of its answers, the last one for ever, and keeps what was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: LoopbackServer

    def do_GET(self) -> None:
        self.reply()

    def do_PATCH(self) -> None:
        self.reply()

    def do_POST(self) -> None:
        self.reply()

    def reply(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/auth/token":
            status, body = 201, {"access_token": "a token"}
        else:
            self.server.asked.append(f"{self.command} {self.path.removeprefix('/api/v2')}")
            answers = self.server.answers
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


Serve = Callable[..., tuple[AirflowClient, list[str]]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    started: list[tuple[LoopbackServer, Thread, AirflowClient]] = []

    def start(*answers: Answer) -> tuple[AirflowClient, list[str]]:
        server = LoopbackServer(list(answers))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client = AirflowClient(f"http://127.0.0.1:{server.server_port}", pause_seconds=0.001)
        started.append((server, thread, client))
        return client, server.asked

    yield start
    for server, thread, client in started:
        client.close()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_locked_database_is_asked_again(serve: Serve) -> None:
    client, asked = serve((200, {"is_paused": True}), LOCKED, LOCKED, (200, {}))
    client.unpause("monitor__meter")
    assert asked == ["GET /dags/monitor__meter", *["PATCH /dags/monitor__meter"] * 3]


def test_what_is_not_paused_is_not_unpaused(serve: Serve) -> None:
    client, asked = serve((200, {"is_paused": False}))
    client.unpause("monitor__meter")
    assert asked == ["GET /dags/monitor__meter"]


def test_a_database_that_stays_locked_is_reported_with_what_to_do(serve: Serve) -> None:
    client, asked = serve(LOCKED)
    with pytest.raises(RequestRefusedError, match=r"(?s)database is locked.*asked 6 times.*start again") as refused:
        client.run("monitor__meter", "a run")
    assert (refused.value.status, len(asked)) == (500, 6)


def test_a_run_without_an_id_gets_one_so_that_it_is_started_once(serve: Serve) -> None:
    client, asked = serve(LOCKED, (409, {"detail": "there is such a run"}))
    assert client.trigger("monitor__meter").startswith("manual__")
    assert asked == ["POST /dags/monitor__meter/dagRuns"] * 2


def test_a_run_with_an_id_is_asked_for_again_and_was_perhaps_started(serve: Serve) -> None:
    client, asked = serve(LOCKED, (409, {"detail": "there is such a run"}))
    assert client.trigger("monitor__meter", run_id="a run") == "a run"
    assert asked == ["POST /dags/monitor__meter/dagRuns"] * 2


def test_a_mistake_of_ours_is_not_repeated(serve: Serve) -> None:
    client, asked = serve((404, {"detail": "not found"}))
    with pytest.raises(RequestRefusedError) as refused:
        client.run("monitor__meter", "a run")
    assert (refused.value.status, len(asked)) == (404, 1)
    assert "start again" not in str(refused.value)


def test_a_token_that_has_run_out_is_renewed_once(serve: Serve) -> None:
    client, asked = serve((401, {}), (200, {"state": "success"}))
    assert client.run("monitor__meter", "a run") == {"state": "success"}
    assert len(asked) == 2
