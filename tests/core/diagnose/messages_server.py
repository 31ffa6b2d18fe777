"""A server on loopback that speaks the Messages API, for the real client to talk to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Script:
    """What the server answers, one entry for each request; the last is repeated."""

    answers: list[Any]
    """A dict (the answer's JSON), a string (the answer's text as it is), a way to fail of this module, or a function
    that makes one of them from the request."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    stop_reason: str = "end_turn"
    input_tokens: int = 1200
    output_tokens: int = 300
    released: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over, so that late answers end at once."""

    def next(self) -> Any:
        return self.answers[min(len(self.requests), len(self.answers)) - 1]


@dataclass(frozen=True)
class Status:
    """Answer with an HTTP status."""

    code: int
    kind: str = "api_error"


@dataclass(frozen=True)
class Silence:
    """Never answer."""


@dataclass(frozen=True)
class Drip:
    """Send the head, and then one byte now and again for ever."""

    every_seconds: float = 0.05


@dataclass(frozen=True)
class Raw:
    """Answer 200 with a body that is not a message."""

    body: bytes


@dataclass(frozen=True)
class Stopped:
    """Answer with a stop reason of its own."""

    reason: str
    text: str = ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one branch for each way to fail
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            script.requests.append(json.loads(body))
            answer = script.next()
            if callable(answer):
                answer = answer(script.requests[-1])
            if isinstance(answer, Status):
                self._send(answer.code, {"type": "error", "error": {"type": answer.kind, "message": "no"}})
            elif isinstance(answer, Silence):
                script.released.wait(30)
                self.close_connection = True
            elif isinstance(answer, Drip):
                self._drip(answer)
            elif isinstance(answer, Raw):
                self._head(200, len(answer.body))
                self.wfile.write(answer.body)
            elif isinstance(answer, Stopped):
                self._send(200, self._message(answer.text, answer.reason))
            else:
                text = answer if isinstance(answer, str) else json.dumps(answer)
                self._send(200, self._message(text, script.stop_reason))

        def _message(self, text: str, stop_reason: str) -> dict[str, Any]:
            return {
                "id": "msg_test",
                "type": "message",
                "role": "assistant",
                "model": script.requests[-1]["model"],
                "content": [{"type": "text", "text": text}],
                "stop_reason": stop_reason,
                "stop_sequence": None,
                "usage": {"input_tokens": script.input_tokens, "output_tokens": script.output_tokens},
            }

        def _drip(self, drip: Drip) -> None:
            self._head(200, 100_000)
            while not script.released.wait(drip.every_seconds):
                self.wfile.write(b" ")
                self.wfile.flush()

        def _send(self, code: int, payload: dict[str, Any]) -> None:
            body = json.dumps(payload).encode()
            self._head(code, len(body))
            self.wfile.write(body)

        def _head(self, code: int, length: int) -> None:
            self.send_response(code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(length))
            self.send_header("retry-after", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    return Handler


@contextmanager
def serving(script: Script) -> Iterator[str]:
    """Serve a script on a free port, and yield the address."""
    server = _Server(("127.0.0.1", 0), _handler(script))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        script.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


Serving = Callable[[Script], Any]
