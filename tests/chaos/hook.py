"""A service outside of Airmedic that says how many replicas there are, and sets them. What it knows lies in a folder.

    python -m tests.chaos.hook WORLD ADDRESS

It writes its address to the file ADDRESS. An empty folder is a service with two replicas that was told nothing.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORLD = Path()


class Handler(BaseHTTPRequestHandler):
    """Answers how many replicas there are to be."""

    def _take(self) -> None:
        replicas, told = WORLD / "replicas", WORLD / "told"
        if length := int(self.headers.get("Content-Length") or 0):
            wanted = json.loads(self.rfile.read(length))["replicas"]
            with told.open("a") as file:
                file.write(f"{wanted}\n")
            replicas.write_text(json.dumps(wanted))
        count = json.loads(replicas.read_text()) if replicas.exists() else 2
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"replicas": count}).encode())

    do_GET = do_POST = _take  # noqa: N815  the names that the server looks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    WORLD = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    unfinished = Path(sys.argv[2]).with_suffix(".part")
    unfinished.write_text(f"http://127.0.0.1:{server.server_port}/replicas")
    unfinished.replace(sys.argv[2])
    server.serve_forever()
