"""A hook on loopback that says how many replicas there are, and sets them, as a spec's ``scale.url`` names one."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any


class ReplicaHook(ThreadingHTTPServer):
    """Counts replicas, and may be told to answer wrongly or not at all."""

    daemon_threads = True

    def __init__(self, replicas: int = 2) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replicas: Any = replicas
        self.told: list[Any] = []
        self.headers: list[str | None] = []
        self.adds = False
        """Whether it adds what it is told to what there is: a hook that was written wrongly."""
        self.says: Any = None
        """What it answers in place of the truth."""
        self.status = 200
        self.silent = Event()
        """While set, a POST is carried out and never answered."""
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}/replicas"


class _Handler(BaseHTTPRequestHandler):
    server: ReplicaHook

    def _take(self) -> None:
        hook = self.server
        length = int(self.headers.get("Content-Length") or 0)
        hook.headers.append(self.headers["Authorization"])
        if length:
            body = json.loads(self.rfile.read(length))
            hook.told.append(body)
            if hook.status == 200:
                hook.replicas = body["replicas"] + (hook.replicas if hook.adds else 0)
            if hook.silent.is_set():
                # The connection stays open until the caller gives up.
                self.connection.recv(1)
                return
        answer = json.dumps({"replicas": hook.replicas} if hook.says is None else hook.says).encode()
        self.send_response(hook.status)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _take  # noqa: N815  the names that the server looks for

    def log_message(self, *_: Any) -> None: ...
