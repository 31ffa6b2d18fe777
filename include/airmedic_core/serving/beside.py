"""A version that only scores along, in a thread of its own: no answer waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.registry import ModelVersion

_MOST_WAITING = 32
"""Requests that wait to be scored along. What comes while so many wait is left out, and counted."""
_LOOK_SECONDS = 0.2
"""Sets how soon the thread notices that it is to stop."""
_LAST_SECONDS = 10.0
"""Sets how long it is waited for at the end: a version that hangs is left alone then."""
_log = logging.getLogger(__name__)


class Beside:
    """Scores rows along, one request after the other.

    Parameters
    ----------
    score : callable
        Scores rows with a version, and keeps what it says.
    """

    def __init__(self, score: Callable[[ModelVersion, pd.DataFrame], None]) -> None:
        self._score = score
        self._waiting: Queue[tuple[ModelVersion, pd.DataFrame]] = Queue(_MOST_WAITING)
        self._stop = threading.Event()
        # A daemon: a version that never returns must not keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="airmedic-beside", daemon=True)
        self._lock = threading.Lock()
        self.left_out = 0
        """Rows that were not scored along."""

    def start(self) -> None:
        """Begin to score."""
        self._thread.start()

    def stop(self) -> None:
        """Score what is waiting, as far as that takes no longer than a moment, and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_LAST_SECONDS)

    def add(self, version: ModelVersion, rows: pd.DataFrame) -> None:
        """Take rows to score with a version. Returns at once."""
        try:
            self._waiting.put_nowait((version, rows))
        except Full:
            self._leave_out(rows)

    def _leave_out(self, rows: pd.DataFrame) -> None:
        with self._lock:
            self.left_out += len(rows)

    def _work(self) -> None:
        while True:
            try:
                version, rows = self._waiting.get(timeout=_LOOK_SECONDS)
            except Empty:
                if self._stop.is_set():
                    return
                continue
            try:
                self._score(version, rows)
            except Exception:  # noqa: BLE001  the next rows are scored whatever these raise
                _log.exception("Version %s could not score along.", version.version)
                self._leave_out(rows)
