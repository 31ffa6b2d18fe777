"""False-discovery control over the columns of one model (Benjamini and Hochberg 1995, JRSS B 57:289–300)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def adjust(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Benjamini–Hochberg adjusted p-values; NaN stays NaN and is not counted.

    Examples
    --------
    >>> adjust(np.array([0.01, 0.04, np.nan, 0.03]))
    array([0.03, 0.04,  nan, 0.04])
    """
    adjusted = np.full(p_values.shape, np.nan)
    present = np.flatnonzero(np.isfinite(p_values))
    if not present.size:
        return adjusted
    order = present[np.argsort(p_values[present])]
    ranks = np.arange(1, order.size + 1)
    scaled = p_values[order] * order.size / ranks
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
