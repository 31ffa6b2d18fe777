"""Rows in files: csv, csv.gz or parquet; a path, a glob, a folder or any fsspec URL.

A path may hold ``{window_start:%Y-%m}``: then there is one file (or glob) for each step of ``window.every``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

import numpy as np

from airmedic_core.reading.formats import format_of
from airmedic_core.reading.places import files_of, has_placeholder
from airmedic_core.reading.sample import in_sample
from airmedic_core.reading.whole_file import readable
from airmedic_core.reading.window_rows import WindowRows
from airmedic_core.sources.contract import Source
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@final
class File(Source):
    """Csv, csv.gz or parquet; a path, a glob, a folder or any fsspec URL."""

    def read(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Return the rows of a window; see :func:`airmedic_core.sources.read_window`."""
        file_system, files = files_of(spec, window)
        rows = WindowRows(spec, window, columns)
        tables = []
        for file in files:
            with readable(file):
                table = format_of(file).read_window(file_system, file, rows)
            tables.append(rows.pick(table))
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
            for batch in format_of(file).parts(file_system, file, rows):
                yield rows.pick(pa.Table.from_batches([batch]))
    rows.finish(arrived=has_placeholder(rows.spec.data.path))
