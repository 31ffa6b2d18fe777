"""A service that repeats what it was sent, on loopback: none of its secrets reaches an error."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from airmedic_core.errors import NoticeError

LOGIN, PASSWORD, TOKEN = "anna-of-risk", 'pass "word" 7', "t0ken/of+all"


class _Repeats(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Refuse, and quote the request: as it came, and decoded."""
        headers = dict(self.headers)
        scheme, _, value = headers.get("Authorization", "").partition(" ")
        decoded = b64decode(value).decode() if scheme == "Basic" else value
        self.send_response(403)
        self.end_headers()
        self.wfile.write(json.dumps(["y" * 100, decoded, self.path, headers]).encode())

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Repeats)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("basic", [True, False])
def test_what_a_service_repeats_of_its_secrets_is_blanked(
    port: int, monkeypatch: pytest.MonkeyPatch, basic: bool
) -> None:
    from airmedic.hooks import web_service

    monkeypatch.setattr(web_service, "_SHOWN", 10_000)
    connection = {
        "conn_type": "http", "host": f"http://127.0.0.1:{port}/hook", "login": LOGIN, "password": PASSWORD,
        "extra": {"headers": {"X-Key": f"key {TOKEN}"}},
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_REPEATS", json.dumps(connection))
    service = web_service.WebService("repeats")
    headers = None if basic else {"Authorization": f"Bearer {PASSWORD}"}
    with pytest.raises(NoticeError, match=r"answered 403: .*yyyy") as refused:
        service.ask("GET", "below", headers=headers, basic=basic)
    said = str(refused.value)
    assert "/hook/below" in said
    # The password as it is written in JSON, too.
    for secret in (LOGIN, PASSWORD, json.dumps(PASSWORD)[1:-1], TOKEN, "YW5uYS1vZi1yaXNr"):
        assert secret not in said
