"""Memory over windows: slow drift that no single window shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def cumulative_sums(scores: Array, allowance: float | Array = 0.5) -> tuple[Array, NDArray[np.int64]]:
    """Return the two-sided cumulative sums of signed z-scores, of many columns at once.

    With an allowance of 0.5, a sum exceeds 5 about ten windows after a lasting shift of one standard deviation, and by
    chance once in about 465 independent windows. Which level alarms is for the caller to say.

    Parameters
    ----------
    scores : array, shape (windows, columns)
        Oldest first.
    allowance : float or array, shape (columns,)
        What is taken off each score: a drift below it adds up to nothing.

    Returns
    -------
    sums : array, shape (windows, columns)
        The larger of the two sums after each window, signed.
    windows : array of int, shape (windows, columns)
        Since how many windows that sum has grown.

    Notes
    -----
    Page 1954, Continuous inspection schemes, Biometrika 41:100–115; run lengths from Montgomery, Introduction to
    Statistical Quality Control, table 9.4.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> scores = rng.normal(size=(40, 1))
    >>> scores[20:] += 1.0
    >>> sums, windows = cumulative_sums(scores)
    >>> bool(np.abs(sums[:20]).max() < 5.0 < sums[-1, 0]), int(windows[-1, 0])
    (True, 21)
    """
    sums, since = np.zeros(scores.shape), np.zeros(scores.shape, dtype=np.int64)
    up, down = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    up_since, down_since = np.zeros_like(up, dtype=np.int64), np.zeros_like(up, dtype=np.int64)
    for at, score in enumerate(scores):
        up, down = np.maximum(up + score - allowance, 0.0), np.maximum(down - score - allowance, 0.0)
        up_since, down_since = np.where(up > 0, up_since + 1, 0), np.where(down > 0, down_since + 1, 0)
        sums[at] = np.where(up >= down, up, -down)
        since[at] = np.where(up >= down, up_since, down_since)
    return sums, since
