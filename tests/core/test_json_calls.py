"""Calls of a server on loopback that redirects, hangs, drips, or says what nobody can read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

from airmedic_core.errors import TargetError, TargetUnavailableError
from airmedic_core.json_calls import call
from airmedic_core.targets.contract import Shown
from airmedic_core.targets.http import Http, Options

SECRET = "s3cret"  # noqa: S105  of a server that lives as long as a test


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.gone = threading.Event()
        self.seen: list[tuple[str, str | None]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"]))
        path = self.path.partition("?")[0]
        if path == "/redirect":
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/serves")
            self.end_headers()
            return
        self.send_response(503 if path == "/hangs" else 200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        if path == "/drips":
            while not self.server.gone.wait(0.05):
                self.wfile.write(b" ")
        elif path == "/hangs":
            self.server.gone.wait()
        else:
            self.wfile.write(b"[" * 100_000 if path == "/deep" else b'{"champion": "7"}'.ljust(100_000))

    def do_POST(self) -> None:
        self.do_GET()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.gone.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_token_goes_to_nobody_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # A file with a secret often ends in a line break.
    monkeypatch.setenv("HOOK_TOKEN", f"{SECRET}\n")
    options = Options(url=server.url("/redirect"), token_variable="HOOK_TOKEN")  # noqa: S106  a variable's name
    with pytest.raises(TargetError, match="answers 302"):
        Http().apply(Shown("renewals", "7"), options)
    assert server.seen == [("/redirect", f"Bearer {SECRET}")]


def test_an_answer_that_drips_ends_in_time(server: Server) -> None:
    started = monotonic()
    with pytest.raises(TargetUnavailableError, match="does not end"):
        call("GET", server.url("/drips"), timeout_seconds=0.3)
    # Without a limit the server drips until the fixture ends, which is never.
    assert monotonic() - started < 20


@pytest.mark.parametrize(
    ("path", "message"), [("/hangs?token=s3cret", "/hangs answers 503"), ("/deep?token=s3cret", "no JSON object")]
)
def test_what_is_no_answer_is_told_without_secrets(server: Server, path: str, message: str) -> None:
    with pytest.raises(TargetError, match=message) as caught:
        call("GET", server.url(path), timeout_seconds=0.3)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://[bad/x?token=s3cret", "no valid address"),
        ("http://127.0.0.1:1/ä?token=s3cret", "no valid address"),
        ("http://127.0.0.1:1/a b?token=s3cret", "no valid address"),
        ("http://anna:s3cret@127.0.0.1:1/x", "does not answer|no valid address"),
        ("ftp://h/x?token=s3cret", "no address of HTTP"),
    ],
)
def test_an_address_that_cannot_be_called_is_told_without_secrets(url: str, message: str) -> None:
    with pytest.raises(TargetError, match=message) as caught:
        call("GET", url, timeout_seconds=0.3)
    assert SECRET not in str(caught.value)


def test_a_header_that_cannot_be_sent_is_not_told() -> None:
    with pytest.raises(TargetError, match="The header Authorization") as caught:
        call("GET", "http://127.0.0.1:1/x", timeout_seconds=0.3, headers={"Authorization": f"Bearer {SECRET}\nx"})
    assert SECRET not in repr((caught.value, caught.value.__cause__, caught.value.__context__))


def test_certificates_that_are_not_there_are_told() -> None:
    with pytest.raises(TargetError, match="The certificates '/nowhere' cannot be read"):
        call("GET", "https://127.0.0.1:1/x", timeout_seconds=0.3, ca_file="/nowhere")
