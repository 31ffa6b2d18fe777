"""Reads the rows of a window, wherever they are kept.

Each file of this folder is one kind of source, named in a spec by ``data.source``. A source offers five functions:
``read(spec, window, columns)`` returns a frame, ``stream(spec, window, columns)`` yields Arrow batches,
``count(spec, window)`` counts, ``sample(spec, window, columns, fraction)`` returns a frame of some rows, and
``place(spec, window)`` gives all of them where they are, for a profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.errors import UnreadableDataError
from airmedic_core.family import Family
from airmedic_core.sources.contract import Source
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import ibis
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "SOURCES",
    "UnreadableDataError",
    "count_rows",
    "iter_window",
    "known_labels",
    "label_delay",
    "open_window",
    "read_sample",
    "read_window",
]

SOURCES: Family[Source] = Family("airmedic_core.sources", Source, entry_points="airmedic.sources")
_MATURE = 0.98
"""Labels have arrived when so many of them had at that age."""


def read_window(spec: ModelSpec, window: Window | None, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read the rows of a window into memory.

    Parameters
    ----------
    spec : ModelSpec
        Where the rows are.
    window : Window or None
        The window; everything where ``None``.
    columns : sequence of str, optional
        Columns to read, beside the time column; all where not given.

    Returns
    -------
    pandas.DataFrame
        Sorted by time. The time column and the label time column are in UTC. No rows if the window is empty though
        later rows exist.

    Raises
    ------
    MissingBatchError
        If there is no such file or table yet, or no row of the window or later. A retry helps once there is.
    UnreadableDataError
        If the rows cannot be parsed, or their times cannot be read. A retry does not help.
    MissingColumnError
        If a column that the spec names or that is asked for is not there. A retry does not help.
    SourceUnavailableError
        If the place does not answer. A retry helps once it does.
    """
    frame: pd.DataFrame = SOURCES.member(spec.data.source).read(spec, window, columns)
    return frame


def iter_window(
    spec: ModelSpec, window: Window | None, *, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Stream the rows of a window in bounded memory, in the order of the source. Raises as :func:`read_window`.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    window : Window or None
        The window; all rows where it is None.
    columns : sequence of str, optional
        Columns to read beside the time column; all where not given.
    """
    yield from SOURCES.member(spec.data.source).stream(spec, window, columns)


def open_window(
    spec: ModelSpec, window: Window | None
) -> AbstractContextManager[ibis.Table | Iterator[pa.RecordBatch]]:
    """Give the rows of a window where they are, for :func:`airmedic_core.profile.build_profile`.

    A context manager: of a database it gives a table that stays there, of files a stream in bounded memory. Raises as
    :func:`read_window`, at the latest when the rows are gone through.
    """
    opened: AbstractContextManager[ibis.Table | Iterator[pa.RecordBatch]]
    opened = SOURCES.member(spec.data.source).place(spec, window)
    return opened


def count_rows(spec: ModelSpec, window: Window | None) -> int:
    """Return how many rows a window has, in bounded memory. Raises as :func:`read_window`."""
    rows: int = SOURCES.member(spec.data.source).count(spec, window)
    return rows


def read_sample(
    spec: ModelSpec, window: Window | None, *, columns: Sequence[str] | None = None, rows: int | None = None
) -> pd.DataFrame:
    """Read the rows of a window into memory, or about ``data.sample_rows`` of them if it has more.

    The sample is the same each time, as long as the source keeps its order, and spread evenly over the rows.

    Parameters
    ----------
    spec : ModelSpec
        Where the rows are.
    window : Window or None
        The window; everything where ``None``.
    columns : sequence of str, optional
        Columns to read, beside the time column; all where not given.
    rows : int, optional
        How many the window has, where it is known already.

    Returns
    -------
    pandas.DataFrame
        As :func:`read_window` returns it, and raises.
    """
    rows = count_rows(spec, window) if rows is None else rows
    if rows <= spec.data.sample_rows:
        return read_window(spec, window, columns=columns)
    fraction = spec.data.sample_rows / rows
    frame: pd.DataFrame = SOURCES.member(spec.data.source).sample(spec, window, columns, fraction)
    return frame


def known_labels(spec: ModelSpec, frame: pd.DataFrame, as_of: datetime) -> pd.Series[bool]:
    """Return which rows have a label that is known at a moment.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        Rows, as :func:`read_window` returns them.
    as_of : datetime
        The moment of the observation.
    """
    import pandas as pd

    needed = {spec.target, spec.label_time_column} - {""}
    if not needed.issubset(frame.columns):
        return pd.Series(data=False, index=frame.index)
    known = frame[spec.target].notna()
    if spec.label_time_column:
        known &= frame[spec.label_time_column] <= as_utc(as_of)
    return known


def label_delay(spec: ModelSpec, frame: pd.DataFrame) -> timedelta:
    """Return the age at which practically all labels are known.

    Labels do not arrive in the order of the rows: a cancellation is known before a stay is. Rows younger than this
    are neither trained on nor judged, even where their label is known: the early ones do not stand for all.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        Rows that are old enough for their labels to be known.

    Returns
    -------
    timedelta
        Zero where the spec names no ``label_time_column``, or nothing is known of it.
    """
    if not spec.label_time_column or spec.label_time_column not in frame:
        return timedelta(0)
    delays = (frame[spec.label_time_column] - frame[spec.data.time_column]).dt.total_seconds().dropna()
    return timedelta(seconds=max(float(delays.quantile(_MATURE)), 0.0)) if len(delays) else timedelta(0)
