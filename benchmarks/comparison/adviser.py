"""A language model that is right as often as it is told to be, behind a Messages API on loopback.

It names evidence that speaks for what it says wherever there is some, so that its wrong answers look as sound as its
right ones.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from airmedic_core.diagnose.claude import ClaudeDiagnoser
from airmedic_core.records import Cause
from comparison.incident import Incident

RIGHT = 0.6
"""Share of the incidents of which it knows the cause."""
NAME = "claude-sonnet-5-5"
"""A model with a known price, as the client is given it. Nothing leaves this machine."""


class Adviser:
    """Says what the language model says: one answer for each incident, drawn from the seed and the incident's name.

    Parameters
    ----------
    seed : int
        The seed of the run.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._cause = Cause.UNKNOWN
        self.answers = 0
        self.right = 0

    def about(self, incident: Incident) -> bool:
        """Begin with an incident, and return whether it is right about it."""
        rng = np.random.default_rng([self._seed, *incident.name.encode()])
        right = bool(rng.random() < RIGHT)
        wrong = sorted(cause.value for cause in Cause if cause.value not in incident.causes and cause.is_specific)
        self._cause = Cause(incident.causes[0] if right else str(rng.choice(wrong)))
        return right

    @property
    def first_action(self) -> str:
        """The action that it recommends first; empty where none is."""
        return next((remedy.action for remedy in self._cause.traits.remedies if not remedy.condition), "")

    def answer(self, packet: dict[str, Any]) -> dict[str, Any]:
        """Return its diagnosis of a packet, in the form that is asked for."""
        evidence, cause = packet["evidence"], self._cause
        for_it = [item["id"] for item in evidence if cause.value in item.get("suggests", ())]
        odd = [item["id"] for item in evidence if item["verdict"] != "ok"]
        cited = (for_it or odd or [evidence[0]["id"]])[:1]
        action = self.first_action
        actions = [{"action": action, "priority": 1, "why": "It fits the cause.", "condition": ""}] if action else []
        return {
            "causes": [
                {
                    "cause": cause.value,
                    "confidence": 0.9,
                    "supporting": cited,
                    "contradicting": [],
                    "explanation": f"The evidence speaks for it [{cited[0]}].",
                }
            ],
            "severity": cause.traits.severity.value,
            "summary": f"The cause is {cause.words} [{cited[0]}].",
            "actions": actions,
            "readings": [],
        }

    @contextmanager
    def asked(self) -> Iterator[ClaudeDiagnoser]:
        """Serve it on a free port, and yield it as the engine asks it."""
        from anthropic import Anthropic

        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            with Anthropic(base_url=f"http://127.0.0.1:{server.server_address[1]}", api_key="none") as client:
                yield ClaudeDiagnoser(client, NAME, timeout_seconds=60)
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)


def _handler(adviser: Adviser) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            text = json.dumps(adviser.answer(json.loads(request["messages"][0]["content"])))
            message = {
                "id": "msg_comparison",
                "type": "message",
                "role": "assistant",
                "model": request["model"],
                "content": [{"type": "text", "text": text}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": 1000, "output_tokens": 200},
            }
            body = json.dumps(message).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
            """Say nothing."""

    return Handler
