"""Says whether a number stands alone: farther from all others than these are from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SIDE = 0.25
"""Part of the values, on the side where the number lies, whose steps from one to the next are looked at."""
_LEAST_VALUES = 20
"""Distinct values on that side. Of fewer, such as a scale from 1 to 5, the next one may just not have been seen yet."""
_TIMES_FARTHER = 2.0
"""Sets how many times as far as any of these steps. The next value of independent rows lies so far beyond the last one
in about one of 20² columns of a long tail.
"""


def isolated(value: float, usual: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Return whether a number beyond all that was seen is farther away than values of that side are from each other.

    The range of a long-tailed column says nothing of its short side: an income of -9999 lies near all others when they
    reach to millions, and yet no income was ever so far from the next one.

    Parameters
    ----------
    value : float
        The number, outside the range of the usual values.
    usual : array
        Values of the reference.
    others : array
        The other values of the window.

    Examples
    --------
    >>> incomes = np.round(np.exp(np.random.default_rng(0).normal(11, 0.6, 2000)), -2)
    >>> [isolated(value, incomes, incomes) for value in (-9999.0, float(incomes.min()) - 100.0)]
    [True, False]
    """
    known = usual[np.isfinite(usual)]
    if not known.size or known.min() <= value <= known.max():
        return False
    sign = 1.0 if value < known.min() else -1.0
    side = sign * known
    near = np.unique(side[side <= np.quantile(side, _SIDE)])
    if near.size < _LEAST_VALUES:
        return False
    beside = sign * others[np.isfinite(others) & (others != value)]
    nearest = min(float(near[0]), float(beside.min(initial=np.inf)))
    if nearest < float(near[0]) and nearest <= sign * value:
        # Values lie beyond it: the column goes on there.
        return False
    return nearest - sign * value > _TIMES_FARTHER * float(np.diff(near).max())
