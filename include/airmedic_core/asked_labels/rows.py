"""Which rows are asked about, and by which id they are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.repair import row_hashes
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.metrics import Array
    from airmedic_core.spec import ModelSpec


def row_ids(spec: ModelSpec, frame: pd.DataFrame) -> NDArray[np.object_]:
    """Return an id for each row that stays the same when its label arrives: a digest of everything else in it.

    Rows that are alike in everything else are numbered in the order of the source.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        The rows of a window.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.simulate.example import example_context
    >>> spec = example_context().spec
    >>> rows = pd.DataFrame({"amount": [1.0, 2.0, 1.0], spec.target: [0.0, 1.0, None]})
    >>> ids = row_ids(spec, rows)
    >>> len(set(ids)), (ids == row_ids(spec, rows.assign(**{spec.target: 1.0}))).all()
    (3, np.True_)
    """
    import pandas as pd

    later = [spec.target, *([spec.label_time_column] if spec.label_time_column else [])]
    hashes = pd.Series(row_hashes(frame.drop(columns=later, errors="ignore")))
    number = hashes.groupby(hashes).cumcount()
    return np.array([f"{value:016x}-{count}" for value, count in zip(hashes, number, strict=True)], dtype=object)


def overlap(window_key: str, window: Window) -> bool:
    """Return whether the window of a key has a moment in common with another one.

    >>> june = Window.from_key("20260601T0000_20260701T0000")
    >>> overlap("20260615T0000_20260801T0000", june), overlap("20260701T0000_20260801T0000", june)
    (True, False)
    """
    span = Window.from_key(window_key)
    return span.start < window.end and window.start < span.end


def telling_rows(scores: Array, unknown: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    """Return the rows whose labels tell most of how the model does: evenly over all that it says.

    Rows that the model is least sure of would teach it most, and say least of how often it is right: a loss that is
    measured on them alone is not that of the window.

    Parameters
    ----------
    scores : array, shape (n,) or (n, k)
        What the model says of each row.
    unknown : array of bool, shape (n,)
        Rows whose label is not known.
    count : int
        How many rows are wanted.

    Examples
    --------
    >>> telling_rows(np.array([0.9, 0.1, 0.5, 0.3, 0.7]), np.array([True, True, True, True, False]), 2).tolist()
    [3, 0]
    """
    from airmedic_core.metrics import score_column

    said = score_column(scores)
    rows = np.flatnonzero(unknown & np.isfinite(said))
    ordered = rows[np.argsort(said[rows], kind="stable")]
    if count >= len(ordered):
        return ordered
    return ordered[((np.arange(count) + 0.5) * len(ordered) / count).astype(np.intp)]
