"""Reads parquet files: whole, or in parts in bounded memory, and only the row groups that can hold a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from fsspec import AbstractFileSystem

_BATCH_ROWS = 32_768
"""Rows of one part."""
_READ_BYTES = 1 << 16
"""Bytes of one column that are read at a time: whole column chunks of a row group, which may be the whole file, are not
held in memory."""
Wanted = Callable[[Sequence[str]], list[str]]
"""Returns the columns to read, of those that there are."""


class RowGroups(NamedTuple):
    """The row groups of a file that can hold rows of a window."""

    numbers: list[int]
    newest: datetime | None
    """The last moment of all groups, where the file says so."""


def read_parquet(file_system: AbstractFileSystem, file: str) -> pa.Table:
    """Read a whole file."""
    return open_parquet(file_system, file).read()


def open_parquet(file_system: AbstractFileSystem, file: str, **options: Any) -> pq.ParquetFile:
    """Open a file for reading, with options of ``pyarrow.parquet.ParquetFile``.

    Parameters
    ----------
    file_system : AbstractFileSystem
        Where the file is.
    file : str
        Its path there.
    **options
        Further options of ``pyarrow.parquet.ParquetFile``.
    """
    import pyarrow.parquet as pq

    # Neither mapped nor read ahead: both would keep what was read in memory until the whole file is done. Reading ahead
    # pays where each request is slow; one row group at a time then bounds it.
    local = "file" in file_system.protocol
    return pq.ParquetFile(file if local else file_system.open(file, "rb"), pre_buffer=not local, **options)


def open_for_parts(file_system: AbstractFileSystem, file: str) -> pq.ParquetFile:
    """Open a file to read it in parts: text as dictionaries, little of it at a time."""
    import pyarrow as pa

    schema = open_parquet(file_system, file).schema_arrow
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    return open_parquet(file_system, file, read_dictionary=texts, buffer_size=_READ_BYTES)


def parquet_parts(
    parquet: pq.ParquetFile, groups: Sequence[int], columns: list[str] | None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of some row groups in parts.

    Parameters
    ----------
    parquet : ParquetFile
        As :func:`open_for_parts` opens it.
    groups : sequence of int
        Which groups.
    columns : list of str or None
        Columns to read; all where ``None``.
    """
    for group in groups:
        # By one thread: the part before is profiled meanwhile, and several would only take turns with it.
        yield from parquet.iter_batches(_BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)


def columns_of(parquet: pq.ParquetFile, wanted: Wanted) -> list[str] | None:
    """Return the columns to read, or nothing for all of them."""
    names = parquet.schema_arrow.names
    if len(set(names)) < len(names):
        return None  # by name, one of several could not be told from the others
    return wanted(names)


def row_groups(parquet: pq.ParquetFile, time_column: str, window: Window | None) -> RowGroups:
    """Return the row groups that can hold rows of a window, by their statistics.

    Parameters
    ----------
    parquet : ParquetFile
        The file.
    time_column : str
        Decides which window a row belongs to.
    window : Window or None
        The window; all groups where ``None``.
    """
    groups = list(range(parquet.num_row_groups))
    names = [parquet.schema.column(at).path for at in range(len(parquet.schema))]
    if window is None or time_column not in names:
        return RowGroups(groups, None)
    column = names.index(time_column)
    kept: list[int] = []
    newest: datetime | None = None
    for group in groups:
        statistics = parquet.metadata.row_group(group).column(column).statistics
        first, last = (statistics.min, statistics.max) if statistics and statistics.has_min_max else (None, None)
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            return RowGroups(groups, newest)
        newest = as_utc(last) if newest is None else max(newest, as_utc(last))
        if as_utc(first) < window.end and as_utc(last) >= window.start:
            kept.append(group)
    return RowGroups(kept, newest)
