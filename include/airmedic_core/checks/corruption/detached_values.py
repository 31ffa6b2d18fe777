"""Says whether new values stand apart from the others of their window, or continue them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEW_VALUES = 3
"""Distinct values: a whole column of fewer, where it never was, is no measurement any more."""
_LEAST_INSIDE = 0.05
"""Share of the values that are where the column always was: with fewer the column has moved as a whole."""
_GAP = 0.5
"""Part of the spread between the tenth and the ninetieth percentile of the values in the old range. New values that
continue the others lie closer to each other than that, and most of them closer to the old range."""


def detached(values: NDArray[np.float64], minimum: float, maximum: float) -> bool:
    """Return whether the values beyond the old range stand apart from the others.

    A column that goes on where it has been going, such as the first frost of a winter, reaches new values step by step,
    and a column that is elsewhere altogether has moved. Damage puts some values where none of the others come near.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window; those that are not finite are left out.
    minimum, maximum : float
        The old range.

    Examples
    --------
    >>> autumn = np.arange(0.0, 20.0, 0.1)
    >>> frost, broken = np.array([-0.5, -1.2, -1.9]), np.array([-99.0, -99.0, -99.0])
    >>> [detached(np.concatenate([autumn, new]), 0.0, 30.0) for new in (frost, broken)]
    [False, True]
    """
    values = np.sort(values[np.isfinite(values)])
    inside = values[(values >= minimum) & (values <= maximum)]
    if inside.size < max(_FEW_VALUES, _LEAST_INSIDE * values.size):
        return len(np.unique(values)) < _FEW_VALUES
    gap = _GAP * float(np.subtract(*np.quantile(inside, [0.9, 0.1])))
    below, above = values[values < minimum], values[values > maximum]
    steps = [np.diff(np.append(below, inside[0])), np.diff(np.append(inside[-1], above))]
    depths = [minimum - below, above - maximum]
    leaps = any(bool((step > gap).any()) for step in steps if step.size)
    return leaps or any(float(np.median(depth)) > gap for depth in depths if depth.size)
