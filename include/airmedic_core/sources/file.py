"""Rows in files: csv, csv.gz or parquet; a path, a glob, a folder or any fsspec URL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def read(spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> pd.DataFrame:
    """Return the rows of a window; see :func:`airmedic_core.sources.read_window`."""
    import pandas as pd

    path = spec.data.path
    frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
    for name in (spec.data.time_column, spec.label_time_column):
        if name:
            frame[name] = pd.to_datetime(frame[name], utc=True, format="ISO8601", errors="coerce")
    moments = frame[spec.data.time_column]
    if window is not None:
        frame = frame[(moments >= window.start) & (moments < window.end)]
    frame = frame.sort_values(spec.data.time_column, kind="stable", ignore_index=True)
    return frame if columns is None else frame[[*dict.fromkeys([spec.data.time_column, *columns])]]


def stream(spec: ModelSpec, window: Window | None, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a window; see :func:`airmedic_core.sources.iter_window`."""
    import pyarrow as pa

    yield from pa.Table.from_pandas(read(spec, window, columns), preserve_index=False).to_batches()
