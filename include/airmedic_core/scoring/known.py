"""Which labels were known when a batch was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.metrics import Array

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Batch
    from airmedic_core.spec import ModelSpec


def known_then(spec: ModelSpec, frame: pd.DataFrame, labels: Array, batch: Batch | None) -> Array:
    """Return labels without those that became known after a batch was looked at.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        The rows.
    labels : array of float, shape (n,)
        Their labels.
    batch : Batch or None
        Whose ``as_of`` counts; all labels are known where ``None``.
    """
    if batch is None or spec.target not in frame.columns:
        return labels
    from airmedic_core.sources import known_labels

    return np.where(np.asarray(known_labels(spec, frame, batch.as_of), dtype=bool), labels, np.nan)
