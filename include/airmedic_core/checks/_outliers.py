"""Rows and values that the reference has no place for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.profile import NumericProfile
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Profile

EXTREME_RANK = 0.01
"""A value is extreme if at most this share of the reference lies beyond it, or at it."""


def extreme_columns(whole: Profile, frame: pd.DataFrame) -> NDArray[np.int64]:
    """Return, for each row, in how many columns its value is extreme."""
    found = np.zeros(len(frame), dtype=np.int64)
    for name, column in whole.columns.items():
        if isinstance(column, NumericProfile) and column.values and name in frame:
            low, high = plausible(column)
            values = numbers(frame[name])[0]
            with np.errstate(invalid="ignore"):
                found += (values < low) | (values > high)
    return found


def plausible(column: NumericProfile) -> tuple[float, float]:
    """Return the values between which all but the extreme ends of the reference lie, both inclusive."""
    total = max(int(column.counts.sum()), 1)
    upto = np.cumsum(column.counts) / total
    low_bin = int(np.searchsorted(upto, EXTREME_RANK, side="left"))
    high_bin = int(np.searchsorted(upto, 1.0 - EXTREME_RANK, side="left"))
    edges = np.concatenate([[-np.inf], column.edges, [np.inf]])
    # Bins are open below and closed above: what lies at the lower edge belongs to the bin before.
    return float(np.nextafter(edges[low_bin], np.inf)), float(edges[high_bin + 1])
