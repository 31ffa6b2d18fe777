"""Calls of a server on loopback that redirects, hangs, drips, or says what nobody can read."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic

import pytest

from airmedic_core.errors import TargetError, TargetUnavailableError
from airmedic_core.json_calls import call, without_secrets
from airmedic_core.targets.contract import Shown
from airmedic_core.targets.http import Http, Options
from tests.core.loopback import answering

SECRET = "s3cret"  # noqa: S105  of a server that lives as long as a test


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.gone = threading.Event()
        self.how = ""
        self.known: list[str] = []
        """What the server knows of its callers, such as a login that was sent encoded."""
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
        if path == "/echo":
            self._echo()
            return
        if path == "/drips-headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.server.gone.wait(0.05):
                self.wfile.write(b"X")
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

    def _echo(self) -> None:
        """Repeat all that was sent, as ``how`` says: as a refusal, as no JSON, as JSON, or as no HTTP at all."""
        how = self.server.how
        told = " ".join([self.path, *self.headers.values(), *self.server.known])
        if how == "raw":
            self.wfile.write(f"{told}\r\n".encode())
            return
        self.send_response(403 if how == "refused" else 200)
        self.end_headers()
        # The words of a refusal are cut: a secret must not be cut before it is blanked.
        padded = {"refused": "x" * 180 + told, "words": told, "json": json.dumps({"champion": [told]})}
        self.wfile.write(padded[how].encode())

    def do_POST(self) -> None:
        self.do_GET()


@pytest.fixture
def server() -> Iterator[Server]:
    with answering(Server()) as server:
        try:
            yield server
        finally:
            server.gone.set()


def test_a_token_goes_to_nobody_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    # A file with a secret often ends in a line break.
    monkeypatch.setenv("HOOK_TOKEN", f"{SECRET}\n")
    options = Options(url=server.url("/redirect"), token_variable="HOOK_TOKEN")  # noqa: S106  a variable's name
    with pytest.raises(TargetError, match="answers 302"):
        Http().apply(Shown("renewals", "7"), options)
    assert server.seen == [("/redirect", f"Bearer {SECRET}")]


def test_an_answer_that_drips_ends_in_time(server: Server) -> None:
    started = monotonic()
    with pytest.raises(TargetUnavailableError, match="the time is over"):
        call("GET", server.url("/drips"), timeout_seconds=0.3)
    # Without a limit the server drips until the fixture ends, which is never.
    assert monotonic() - started < 20


def test_headers_that_drip_end_in_time(server: Server) -> None:
    started = monotonic()
    with pytest.raises(TargetUnavailableError, match="does not answer within"):
        call("GET", server.url("/drips-headers"), timeout_seconds=0.3)
    # Each byte comes in time, and the library takes 65,536 of them for a line: nearly an hour.
    assert monotonic() - started < 20


SENT = [
    {"Authorization": f"Bearer {SECRET}-and-more"},
    {"Authorization": "Basic " + b64encode(f"annalogin:{SECRET}-and-more".encode()).decode()},
    {"X-Api-Key": f"{SECRET}/and+more"},
]


@pytest.mark.parametrize("how", ["refused", "words", "json", "raw"])
@pytest.mark.parametrize("headers", SENT)
def test_what_a_server_repeats_of_what_it_was_sent_is_blanked(
    server: Server, how: str, headers: dict[str, str]
) -> None:
    server.how, server.known = how, ["annalogin", f"{SECRET}-and-more"]
    url = server.url("/echo?key=k3y-of-the-query")
    if how == "json":
        said = str(call("GET", url, timeout_seconds=5, headers=headers))
    else:
        with pytest.raises(TargetError) as caught:
            call("GET", url, timeout_seconds=5, headers=headers)
        said = repr((caught.value, caught.value.__cause__, caught.value.__context__))
    assert "/echo" in said
    value = next(iter(headers.values()))
    parts = [value, value.split()[-1]] + ([f"{SECRET}-and-more"] if "Authorization" in headers else [])
    for secret in [*parts, "k3y-of", *(["annalogin"] if value.startswith("Basic") else [])]:
        assert secret not in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host:8080/hook?key=x#y", "https://host:8080/hook"),
        ("https://anna:secret@host/hook", "https://host/hook"),
        ("https://anna:se@cret@[::1]:80/hook", "https://[::1]:80/hook"),
        ("https://anna:se#cret@host/hook", "https://…"),
        ("https://anna:se?cret@host", "https://…"),
        ("https://anna:p/w@host", "https://…"),
        ("https://anna:p@s/w@host", "https://…"),
        ("https://anna:1/w@host", "https://…"),
        ("https://se#cret@host", "https://…"),
        ("https://anna:secret", "https://…"),
        ("anna:secret@host/hook", "host/hook"),
        ("anna:secret", "…"),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_password(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


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
