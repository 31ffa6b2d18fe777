"""Rows in files: csv, csv.gz or parquet; a path, a glob, a folder or any fsspec URL.

A path may hold ``{window_start:%Y-%m}``: then there is one file (or glob) for each step of ``window.every``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from gzip import BadGzipFile
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import MissingBatchError, SourceUnavailableError
from airmedic_core.sources._errors import UnreadableDataError
from airmedic_core.sources._moments import EPOCH_UNITS
from airmedic_core.sources._places import files_of, format_of, has_placeholder
from airmedic_core.sources._rows import WindowRows, wanted_columns
from airmedic_core.sources._sample import in_sample
from airmedic_core.sources.contract import Source
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from fsspec import AbstractFileSystem
    from pyarrow import csv

BATCH_ROWS = 32_768
_READ_BYTES = 1 << 16
"""Of one column at a time: whole column chunks of a row group, which may be the whole file, are not held in memory."""
_CSV_BLOCK_BYTES = 8 << 20
_NULLS = ["", "#N/A", "N/A", "NA", "NULL", "NaN", "n/a", "nan", "null", "None", "<NA>"]


class File(Source):
    """Csv, csv.gz or parquet; a path, a glob, a folder or any fsspec URL."""

    def read(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Return the rows of a window; see :func:`airmedic_core.sources.read_window`."""
        file_system, files = files_of(spec, window)
        rows = WindowRows(spec, window, columns)
        tables = [rows.pick(table) for file in files for table in _whole_tables(rows, file_system, file)]
        rows.finish(arrived=has_placeholder(spec.data.path))
        return rows.frame(tables)

    def stream(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a window; see :func:`airmedic_core.sources.iter_window`.

        Memory holds one part of a file at a time. A csv file has no types: a column is numeric in the batches in which
        all its values are, else text.
        """
        for picked in _picked(WindowRows(spec, window, columns)):
            yield from picked.to_batches()

    @contextmanager
    def place(self, spec: ModelSpec, window: Window | None) -> Iterator[Iterator[pa.RecordBatch]]:
        """Give the rows of a window where they are; see :func:`airmedic_core.sources.open_window`."""
        yield self.stream(spec, window, None)

    def count(self, spec: ModelSpec, window: Window | None) -> int:
        """Return how many rows a window has; see :func:`airmedic_core.sources.count_rows`."""
        return sum(picked.num_rows for picked in _picked(WindowRows(spec, window, [])))

    def sample(
        self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None, fraction: float
    ) -> pd.DataFrame:
        """Return a share of the rows of a window; see :func:`airmedic_core.sources.read_sample`."""
        rows = WindowRows(spec, window, columns)
        chosen, position = [], 0
        for picked in _picked(rows):
            chosen.append(picked.filter(in_sample(np.arange(position, position + picked.num_rows), fraction)))
            position += picked.num_rows
        return rows.frame(chosen)


def _picked(rows: WindowRows) -> Iterator[pa.Table]:
    import pyarrow as pa

    file_system, files = files_of(rows.spec, rows.window)
    for file in files:
        parts = _csv_parts if format_of(file) == "csv" else _parquet_parts
        with _reading(file):
            for batch in parts(rows, file_system, file):
                yield rows.pick(pa.Table.from_batches([batch]))
    rows.finish(arrived=has_placeholder(rows.spec.data.path))


def _whole_tables(rows: WindowRows, file_system: AbstractFileSystem, file: str) -> Iterator[pa.Table]:
    from pyarrow import csv

    with _reading(file):
        if format_of(file) == "parquet":
            parquet = _open_parquet(file_system, file)
            groups = _row_groups(parquet, rows)
            yield parquet.read_row_groups(groups, columns=_parquet_columns(rows, parquet))
        else:
            with _open_csv(file_system, file) as opened:
                yield csv.read_csv(opened, *_csv_options(rows.spec, file))


def _parquet_parts(rows: WindowRows, file_system: AbstractFileSystem, file: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    schema = _open_parquet(file_system, file).schema_arrow
    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    parquet = _open_parquet(file_system, file, read_dictionary=texts, buffer_size=_READ_BYTES)
    names = _parquet_columns(rows, parquet)
    for group in _row_groups(parquet, rows):
        # By one thread: the part before is profiled meanwhile, and several would only take turns with it.
        yield from parquet.iter_batches(BATCH_ROWS, row_groups=[group], columns=names, use_threads=False)


def _open_parquet(file_system: AbstractFileSystem, file: str, **options: Any) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    # Neither mapped nor read ahead: both would keep what was read in memory until the whole file is done. Reading ahead
    # pays where each request is slow; one row group at a time then bounds it.
    local = "file" in file_system.protocol
    return pq.ParquetFile(file if local else file_system.open(file, "rb"), pre_buffer=not local, **options)


def _parquet_columns(rows: WindowRows, parquet: pq.ParquetFile) -> list[str] | None:
    names = parquet.schema_arrow.names
    if len(set(names)) < len(names):
        return None  # by name, one of several could not be told from the others
    return wanted_columns(rows.spec, names, rows.columns)


def _row_groups(parquet: pq.ParquetFile, rows: WindowRows) -> list[int]:
    """Return the row groups that can hold rows of the window, by their statistics."""
    groups = list(range(parquet.num_row_groups))
    names = [parquet.schema.column(at).path for at in range(len(parquet.schema))]
    if rows.window is None or rows.spec.data.time_column not in names:
        return groups
    column = names.index(rows.spec.data.time_column)
    kept = []
    for group in groups:
        statistics = parquet.metadata.row_group(group).column(column).statistics
        first, last = (statistics.min, statistics.max) if statistics and statistics.has_min_max else (None, None)
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            return groups
        rows.saw(as_utc(last))
        if as_utc(first) < rows.window.end and as_utc(last) >= rows.window.start:
            kept.append(group)
    return kept


def _csv_parts(rows: WindowRows, file_system: AbstractFileSystem, file: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv

    with _open_csv(file_system, file) as opened:
        names = csv.open_csv(opened, *_csv_options(rows.spec, file)).schema.names
    with _open_csv(file_system, file) as opened:
        read, parse, convert = _csv_options(rows.spec, file)
        as_text = set(convert.column_types)
        convert.column_types = dict.fromkeys(names, pa.binary())
        if len(set(names)) == len(names):  # by name, one of several could not be told from the others
            names = convert.include_columns = wanted_columns(rows.spec, names, rows.columns)
        for batch in csv.open_csv(opened, read, parse, convert):
            columns = zip(names, batch.columns, strict=True)
            typed = [column.cast("string") if name in as_text else _typed(column) for name, column in columns]
            yield pa.RecordBatch.from_arrays(typed, names=names)


def _csv_options(spec: ModelSpec, file: str) -> tuple[csv.ReadOptions, csv.ParseOptions, csv.ConvertOptions]:
    import pyarrow as pa
    from pyarrow import csv

    # A format is for text: without this, 20260131 would already have become a number.
    written = spec.data.time_format and spec.data.time_format not in EPOCH_UNITS
    as_text = [spec.data.time_column, spec.label_time_column] if written else []
    convert = csv.ConvertOptions(
        null_values=_NULLS, strings_can_be_null=True, column_types={name: pa.string() for name in as_text if name}
    )
    parse = csv.ParseOptions(delimiter="\t" if ".tsv" in file.lower() else ",", newlines_in_values=True)
    return csv.ReadOptions(encoding=spec.data.encoding, block_size=_CSV_BLOCK_BYTES), parse, convert


def _open_csv(file_system: AbstractFileSystem, file: str) -> Any:
    return file_system.open(file, "rb", compression="infer")


def _typed(column: pa.Array) -> pa.Array:
    """Return a column of bytes as numbers, as booleans or as text, whichever comes first for all of its values."""
    import pyarrow as pa

    try:
        text = column.cast(pa.string())
    except pa.ArrowInvalid:
        return column
    for kind in (pa.float64(), pa.bool_()):
        try:
            return text.cast(kind)
        except pa.ArrowInvalid:
            continue
    return text


@contextmanager
def _reading(file: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read into an error that names it."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError as error:
        raise MissingBatchError(f"{file!r} has gone while it was read.", "Try again.") from error
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, EOFError, zlib.error, BadGzipFile, UnicodeError) as error:
        raise UnreadableDataError(
            f"{file!r} cannot be read: {str(error)[:300]}.", "It is damaged, incomplete or of another format."
        ) from error
    except PermissionError as error:
        raise UnreadableDataError(f"{file!r} may not be read.", "Ask for read access.") from error
    except OSError as error:
        raise SourceUnavailableError(f"{file!r} does not answer: {str(error)[:300]}.", "Try again later.") from error
