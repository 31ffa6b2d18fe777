"""Says what was answered, in parquet files that monitoring reads: ``<folder>/<day>/<model>__<moment>.parquet``."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from airmedic_core.columns import category_name
from airmedic_core.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd

FLUSH_SECONDS = 5.0
"""Sets how long answers wait in memory: a process that is killed loses so much of its log."""
_MOST_BYTES = 256_000_000
"""Memory of the rows that wait while the disk takes none. Older ones are dropped then, and counted."""
_MIXED = ("mixed", "mixed-integer")
"""Says what pandas calls a column in which values of several kinds stand."""
_log = logging.getLogger(__name__)


class PredictionLog:
    """Writes answers in the background, so that nobody waits for the disk.

    Parameters
    ----------
    folder : Path
        Where the files go, as :func:`log_folder` returns it. Those of versions that only score along go to
        ``<folder>_tried``.
    model : str
        The model's name.
    time_column : str
        Says on which day a row belongs.
    """

    def __init__(self, folder: Path, model: str, time_column: str) -> None:
        self._folder, self._model, self._time_column = folder, model, time_column
        self._waiting: list[tuple[Path, pd.DataFrame]] = []
        self._bytes = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write_now_and_then, name="airmedic-log", daemon=True)
        self.problem = ""
        self.dropped = 0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()

    def add(self, rows: pd.DataFrame, *, beside: bool = False) -> None:
        """Take rows to write.

        Parameters
        ----------
        rows : pandas.DataFrame
            With their answers.
        beside : bool
            Whether a version has said it that only scores along.
        """
        folder = self._folder.with_name(f"{self._folder.name}_tried") if beside else self._folder
        size = _bytes_of(rows)
        with self._lock:
            self._waiting.append((folder, rows))
            self._bytes += size
            self._make_room()

    def flush(self) -> None:
        """Write what is waiting. What the disk does not take waits on; rows that no file can hold are dropped."""
        with self._lock:
            taken, self._waiting, self._bytes = self._waiting, [], 0
        problem, kept = "", []
        for folder in dict.fromkeys(place for place, _ in taken):
            parts = [rows for place, rows in taken if place == folder]
            try:
                self._write(folder, parts)
            except OSError as error:
                problem = f"The log cannot be written: {error}"
                kept += [(folder, rows) for rows in parts]
            except Exception:  # noqa: BLE001  values of any kind are sent; the others are written without these rows
                told, waiting = self._write_apart(folder, parts)
                problem, kept = told or problem, kept + [(folder, rows) for rows in waiting]
        self.problem = problem
        if problem:
            _log.warning("%s", problem)
            with self._lock:
                self._waiting = kept + self._waiting
                self._bytes += sum(_bytes_of(rows) for _, rows in kept)
                self._make_room()

    def _make_room(self) -> None:
        """Drop the oldest rows where too many wait. The lock is held."""
        while self._bytes > _MOST_BYTES and self._waiting:
            rows = self._waiting.pop(0)[1]
            self._bytes -= _bytes_of(rows)
            self.dropped += len(rows)

    def _write_apart(self, folder: Path, parts: list[pd.DataFrame]) -> tuple[str, list[pd.DataFrame]]:
        """Write each request by itself, and return what is wrong, and what waits on."""
        problem, kept = "", []
        for rows in parts:
            try:
                self._write(folder, [_of_one_kind(rows)])
            except OSError as error:
                problem = f"The log cannot be written: {error}"
                kept.append(rows)
            except Exception as error:  # noqa: BLE001  one row must not end the log of all others
                self.dropped += len(rows)
                problem = f"Rows cannot be logged, and are dropped: {error}"
        return problem, kept

    def _write(self, folder: Path, parts: list[pd.DataFrame]) -> None:
        import pandas as pd

        rows = pd.concat(parts, ignore_index=True)
        times = pd.to_datetime(rows[self._time_column], utc=True).fillna(datetime.now(UTC))
        rows[self._time_column] = times
        name = f"{self._model}__{datetime.now(UTC):%Y%m%dT%H%M%S}_{uuid4().hex[:8]}"
        unfinished = []
        try:
            for day, of_day in rows.groupby(times.dt.strftime("%Y-%m-%d")):
                unfinished.append(folder / str(day) / f"{name}.part")
                unfinished[-1].parent.mkdir(parents=True, exist_ok=True)
                of_day.to_parquet(unfinished[-1], index=False)
        except BaseException:
            # Nothing is read twice: what is not written as a whole is written again.
            for path in unfinished:
                with suppress(OSError):
                    path.unlink()
            raise
        for path in unfinished:
            path.replace(path.with_suffix(".parquet"))

    def _write_now_and_then(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self.flush()


def log_folder(folder: Path) -> Path:
    """Return the folder of a log, with a name: what versions say that only score along lies beside it.

    Raises
    ------
    SpecError
        If no log can be written there. A retry does not help.
    """
    # The name of a folder such as "." says where it lies only once it is resolved.
    whole = folder if folder.name not in {"", ".."} else folder.resolve()
    if not whole.name or (whole.exists() and not whole.is_dir()):
        raise SpecError(f"{str(folder)!r} is no folder that a server logs to.", "Name another one with --log.")
    return whole


def _bytes_of(rows: pd.DataFrame) -> int:
    return int(rows.memory_usage(deep=True).sum())


def _of_one_kind(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which a column of numbers, texts and booleans is one of texts: no file holds it as it is."""
    from pandas.api.types import infer_dtype

    mixed = [name for name in rows.columns if infer_dtype(rows[name], skipna=True) in _MIXED]
    return rows.assign(**{name: rows[name].map(category_name, na_action="ignore") for name in mixed})
