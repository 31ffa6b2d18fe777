"""A line to a server that can be cut or go silent: a TCP proxy that does what a file says, until the time it names.

python -m tests.chaos.line LISTEN_PORT TARGET_PORT CONTROL
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path

HOST = "127.0.0.1"
UNREACHABLE, HANGING = "unreachable", "hanging"

_LOOK_SECONDS = 0.01
"""How often a silent line looks whether it may go on."""


def disturb(control: Path, line: int, kind: str, seconds: float) -> None:
    """Let a line be disturbed from now on.

    Parameters
    ----------
    control : Path
        The file that all lines read.
    line : int
        The port of the line.
    kind : str
        ``unreachable``: no connection is made, and those that stand are cut. ``hanging``: nothing arrives any more.
    seconds : float
        After which time all is well again, and what was held back arrives.
    """
    written = control.with_suffix(".new")
    written.write_text(json.dumps({"line": line, "kind": kind, "until": time.time() + seconds}), encoding="utf-8")
    written.replace(control)


class Line:
    """One line."""

    def __init__(self, port: int, target: int, control: Path) -> None:
        self.port, self.target, self.control = port, target, control

    def disturbance(self) -> str:
        """Return what is wrong with the line at the moment; empty if nothing is."""
        try:
            said = json.loads(self.control.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ""
        return str(said["kind"]) if said["line"] == self.port and time.time() < said["until"] else ""

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server, unless the line is cut."""
        if not await self._passes():
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if not await self._passes():
                    break
                writer.write(data)
                await writer.drain()
        if self.disturbance():
            writer.transport.abort()
        writer.close()

    async def _passes(self) -> bool:
        """Wait while the line is silent; return whether it is not cut."""
        while self.disturbance() == HANGING:
            await asyncio.sleep(_LOOK_SECONDS)
        return self.disturbance() != UNREACHABLE


async def _serve(port: int, target: int, control: Path) -> None:
    server = await asyncio.start_server(Line(port, target, control).connect, HOST, port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
