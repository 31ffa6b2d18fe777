"""Rows in files: csv, csv.gz or parquet; a path, a glob, a folder or any fsspec URL.

A path may hold ``{window_start:%Y-%m}``: then there is one file (or glob) for each step of ``window.every``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, final

import numpy as np

from airmedic_core.reading.csv_files import Writing, csv_parts, read_csv
from airmedic_core.reading.parquet_files import columns_of, open_for_parts, open_parquet, parquet_parts, row_groups
from airmedic_core.reading.places import files_of, format_of, has_placeholder
from airmedic_core.reading.sample import in_sample
from airmedic_core.reading.whole_file import readable
from airmedic_core.reading.window_rows import WindowRows, wanted_columns
from airmedic_core.sources.contract import Source
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from fsspec import AbstractFileSystem


@final
class File(Source):
    """Csv, csv.gz or parquet; a path, a glob, a folder or any fsspec URL."""

    def read(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Return the rows of a window; see :func:`airmedic_core.sources.read_window`."""
        file_system, files = files_of(spec, window)
        rows = WindowRows(spec, window, columns)
        tables = [rows.pick(_whole_table(rows, file_system, file)) for file in files]
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
        with readable(file):
            for batch in _parts(rows, file_system, file):
                yield rows.pick(pa.Table.from_batches([batch]))
    rows.finish(arrived=has_placeholder(rows.spec.data.path))


def _parts(rows: WindowRows, file_system: AbstractFileSystem, file: str) -> Iterator[pa.RecordBatch]:
    wanted = partial(wanted_columns, rows.spec, columns=rows.columns)
    if format_of(file) == "csv":
        return csv_parts(file_system, file, Writing.of(rows.spec), wanted)
    parquet = open_for_parts(file_system, file)
    return parquet_parts(parquet, _groups(parquet, rows), columns_of(parquet, wanted))


def _whole_table(rows: WindowRows, file_system: AbstractFileSystem, file: str) -> pa.Table:
    with readable(file):
        if format_of(file) == "csv":
            return read_csv(file_system, file, Writing.of(rows.spec))
        parquet = open_parquet(file_system, file)
        wanted = partial(wanted_columns, rows.spec, columns=rows.columns)
        return parquet.read_row_groups(_groups(parquet, rows), columns=columns_of(parquet, wanted))


def _groups(parquet: pq.ParquetFile, rows: WindowRows) -> list[int]:
    groups = row_groups(parquet, rows.spec.data.time_column, rows.window)
    rows.saw(groups.newest)
    return groups.numbers
