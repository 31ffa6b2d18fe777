"""Rows in a file of JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

import numpy as np

from airmedic_core.errors import MissingBatchError
from airmedic_core.reading.sample import in_sample
from airmedic_core.reading.window_rows import WindowRows
from airmedic_core.sources.contract import Source
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@final
class JsonLines(Source):
    """A file with one JSON object a line; ``data.path`` names it."""

    def read(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> pd.DataFrame:
        """Return the rows of a window, sorted by time."""
        rows = WindowRows(spec, window, columns)
        return rows.frame([_picked(rows)])

    def stream(self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a window."""
        yield from _picked(WindowRows(spec, window, columns)).to_batches()

    @contextmanager
    def place(self, spec: ModelSpec, window: Window | None) -> Iterator[Iterator[pa.RecordBatch]]:
        """Give the rows of a window as a stream."""
        yield self.stream(spec, window, None)

    def count(self, spec: ModelSpec, window: Window | None) -> int:
        """Count the rows of a window."""
        return int(_picked(WindowRows(spec, window, [])).num_rows)

    def sample(
        self, spec: ModelSpec, window: Window | None, columns: Sequence[str] | None, fraction: float
    ) -> pd.DataFrame:
        """Return a share of the rows of a window, the same ones each time."""
        rows = WindowRows(spec, window, columns)
        table = _picked(rows)
        return rows.frame([table.filter(in_sample(np.arange(table.num_rows), fraction))])


def _picked(rows: WindowRows) -> pa.Table:
    from pyarrow import json

    try:
        table = json.read_json(rows.spec.data.path)
    except FileNotFoundError as error:
        raise MissingBatchError(
            f"There is no file {rows.spec.data.path!r} yet.", "Try again once it is there."
        ) from error
    picked = rows.pick(table)
    rows.finish()
    return picked
