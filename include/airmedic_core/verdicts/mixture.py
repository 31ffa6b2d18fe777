"""Says how much of a histogram comes from a second, known distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_CLOSE = 1e-7
"""A step of the share that is too small to be worth another one."""
_RARE = 1e-6
"""Share of a bin that holds no row: an empty bin would forbid what is only rare."""


@dataclass(frozen=True)
class MixtureFit:
    """The share of the second distribution, and how well the mixture fits."""

    share: float
    gain: float
    """Log-likelihood gained over the first distribution alone."""
    distance: float
    """Largest difference of the cumulative distributions (Kolmogorov–Smirnov) after the fit."""


def fit_mixture(
    counts: Array, first: Array, second: Array, *, iterations: int = 200, rare: float = _RARE
) -> MixtureFit:
    """Fit ``(1 − share)·first + share·second`` to counts by maximum likelihood.

    The likelihood is concave in the share; expectation–maximisation as in Saerens et al. 2002 (Neural Computation
    14:21–41), where the two distributions are those of a score in each class.

    Parameters
    ----------
    counts : array, shape (bins,)
        Observed counts.
    first, second : array, shape (bins,)
        The two distributions on the same bins, in any unit.
    iterations : int
        At the most; each takes the share closer to the best one.
    rare : float
        Share of a bin in which neither distribution has been seen.

    Examples
    --------
    >>> first, second = np.array([70.0, 20.0, 10.0]), np.array([10.0, 20.0, 70.0])
    >>> fit = fit_mixture(0.75 * first + 0.25 * second, first, second)
    >>> round(fit.share, 3), round(fit.distance, 3)
    (0.25, 0.0)
    """
    total = counts.sum()
    first, second = _smooth(first, rare), _smooth(second, rare)
    if total <= 0:
        return MixtureFit(float("nan"), 0.0, float("nan"))
    observed = counts / total
    share = 0.5
    for _ in range(iterations):
        mixed = (1.0 - share) * first + share * second
        update = float((observed * share * second / mixed).sum())
        if abs(update - share) < _CLOSE:
            share = update
            break
        share = update
    mixed = (1.0 - share) * first + share * second
    gain = float(total * (observed * (np.log(mixed) - np.log(first))).sum())
    distance = float(np.abs(np.cumsum(observed - mixed)).max())
    return MixtureFit(share, gain, distance)


def _smooth(weights: Array, rare: float) -> Array:
    total = max(float(weights.sum()), 1e-12)
    smoothed: Array = (weights / total + rare) / (1.0 + rare * weights.size)
    return smoothed
