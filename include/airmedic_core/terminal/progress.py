"""Says what a command is doing, in one line on standard error while people wait for it.

The line is there on a terminal only: not where standard error goes into a file or a pipe, nor in CI. It is gone once
the command has ended, and before anything else is printed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

AFTER_SECONDS = 1.0
"""A command that has ended by then shows no line, and one that takes longer than two seconds has shown it."""
_EVERY_SECONDS = 0.5
"""States how often the line is drawn anew, so that its seconds go on."""
_ERASE = "\r\x1b[K"
"""Goes to the beginning of the line and clears it, on every terminal that knows ANSI's codes."""
_WIDTH = 80
"""Columns of a terminal that does not say how many it has."""


class Progress:
    """A line that says what a command is doing, and for how long it has run.

    Parameters
    ----------
    command : str
        How the command is called.
    stream : TextIO
        The terminal.
    """

    def __init__(self, command: str, stream: TextIO) -> None:
        self._command, self._stream = command, stream
        self._words, self._shown = "", False
        self._begun = monotonic()
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_now_and_then, name="airmedic-progress", daemon=True)

    def start(self) -> None:
        """Begin to draw, once the command has run for long enough."""
        self._thread.start()

    def say(self, words: str) -> None:
        """Say what is being done from now on."""
        with self._lock:
            self._words = words
            self._draw()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the line away while something else is printed."""
        with self._lock:
            self._erase()
            yield

    def stop(self) -> None:
        """Take the line away for good."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._lock:
            self._erase()

    def _draw_now_and_then(self) -> None:
        wait_seconds = AFTER_SECONDS
        while not self._ended.wait(wait_seconds):
            with self._lock:
                self._draw()
            wait_seconds = _EVERY_SECONDS

    def _draw(self) -> None:
        seconds = monotonic() - self._begun
        if seconds < AFTER_SECONDS or self._ended.is_set():
            return
        # The cursor stays at the beginning: what a library writes meanwhile covers the line.
        self._write(f"{_ERASE}{self._line(seconds)}\r")
        self._shown = True

    def _line(self, seconds: float) -> str:
        told = f"{int(seconds)} s" if seconds < 120 else f"{int(seconds / 60)} min"
        room = self._columns() - len(told) - 3
        words = f"airmedic {self._command}: {self._words}" if self._words else f"airmedic {self._command}"
        printable = "".join(character if character.isprintable() else " " for character in words)
        return f"{printable[: max(room, 0)]}, {told}"

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _WIDTH
        except (OSError, ValueError):
            return _WIDTH

    def _erase(self) -> None:
        if self._shown:
            self._write(_ERASE)
            self._shown = False

    def _write(self, text: str) -> None:
        encoding = self._stream.encoding or "ascii"
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):
            # The terminal has gone. The command goes on without the line.
            self._ended.set()


_running: list[Progress] = []
"""Holds the line of the command that runs, if one is shown."""


@contextmanager
def progress(command: str) -> Iterator[None]:
    """Show what a command is doing while the block runs, if standard error is a terminal and this is not CI.

    Parameters
    ----------
    command : str
        How the command is called.
    """
    if not _is_watched(sys.stderr):
        yield
        return
    line = Progress(command, sys.stderr)
    line.start()
    _running.append(line)
    try:
        yield
    finally:
        _running.remove(line)
        line.stop()


def step(words: str, done: int = 0, of: int = 0) -> None:
    """Say what is being done from now on, where a line is shown.

    Parameters
    ----------
    words : str
        What is being done, as in "reads rows.csv".
    done, of : int
        Which of how many it is, counted from 1; nothing is said of one of one.
    """
    for line in _running:
        line.say(f"{words}, {done:,} of {of:,}" if of > 1 else words)


@contextmanager
def out_of_the_way() -> Iterator[None]:
    """Take the line away while the block prints, where one is shown."""
    if not _running:
        yield
        return
    with _running[-1].hidden():
        yield


def no_more_progress() -> None:
    """Show nothing any more: the command goes on until it is stopped, as a server does."""
    for line in _running:
        line.stop()


def _is_watched(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"
