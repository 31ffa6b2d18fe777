"""The rows behind a version, as a hash: two trainings with the same one have learned from the same rows."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from airmedic_core.records import digest

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.training.rows import TrainingRows

DATA_WINDOW = "airmedic.data_window"
"""Tag of a version: hash of the rows that it was trained on, and of those withheld from it."""


def data_window_of(rows: TrainingRows) -> str:
    """Return the hash of what a training may learn from and of what is withheld, cell by cell."""
    return digest({"train": _of(rows.train), "withheld": _of(rows.withheld)})


def _of(frame: pd.DataFrame) -> str:
    """Return the hash of a frame's names and values.

    Examples
    --------
    >>> import pandas as pd
    >>> _of(pd.DataFrame({"age": [31, 42]})) == _of(pd.DataFrame({"age": [31, 42]}))
    True
    >>> _of(pd.DataFrame({"age": [31, 42]})) == _of(pd.DataFrame({"age": [31, 43]}))
    False
    """
    from pandas.util import hash_pandas_object

    total = sha256()
    for name in frame.columns:
        total.update(str(name).encode())
        try:
            cells = hash_pandas_object(frame[name], index=False)
        except TypeError:
            # Lists and the like have no hash of their own.
            cells = hash_pandas_object(frame[name].astype(str), index=False)
        total.update(cells.to_numpy().tobytes())
    return total.hexdigest()
