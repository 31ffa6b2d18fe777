"""How heavy the tails of earlier windows are: whether a window that lies far out is rare, or only looks so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

_DEGREES = np.array([2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 25.0, 50.0])
_SCALES = np.geomspace(0.4, 1.6, 17)
_ENOUGH = 200
_NORMAL = 200.0
_LEAST_GAIN = 6.0
"""Log-likelihood by which heavy tails must fit better than normal ones."""
_MOST = 20_000


@dataclass(frozen=True)
class Tail:
    """Student's t, as it fits the z of healthy windows."""

    degrees: float
    scale: float


def tail_of(scores: Array) -> Tail | None:
    """Fit Student's t to the z-scores of earlier windows, by maximum likelihood.

    Parameters
    ----------
    scores : array
        Of all columns and windows together; NaN where there is none. One column has too few windows to show a tail,
        all of them together have enough.

    Returns
    -------
    Tail or None
        None where there are too few scores, or the normal distribution fits as well.
    """
    found = scores[np.isfinite(scores)]
    if found.size < _ENOUGH:
        return None
    if found.size > _MOST:
        found = found[np.linspace(0, found.size - 1, _MOST).astype(int)]
    squares = found**2
    fits = {float(one): _best(squares, float(one)) for one in (*_DEGREES, _NORMAL)}
    degrees = max(fits, key=lambda one: fits[one][0])
    if degrees == _NORMAL or fits[degrees][0] - fits[_NORMAL][0] < _LEAST_GAIN:
        return None
    return Tail(degrees, fits[degrees][1])


def _best(squares: Array, degrees: float) -> tuple[float, float]:
    """Return the log-likelihood at the best scale, and that scale."""
    half = (degrees + 1.0) / 2.0
    constant = special.gammaln(half) - special.gammaln(degrees / 2.0) - 0.5 * np.log(degrees * np.pi)
    likelihoods = [
        squares.size * (constant - np.log(scale)) - half * float(np.log1p(squares / (degrees * scale**2)).sum())
        for scale in _SCALES
    ]
    best = int(np.argmax(likelihoods))
    return float(likelihoods[best]), float(_SCALES[best])
