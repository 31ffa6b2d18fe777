"""Says how heavy the tails of earlier windows are: whether a window that lies far out is rare, or only looks so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

_DEGREES = np.array([2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 25.0, 50.0])
"""Degrees of freedom that are tried. Below 2, Student's t has no variance."""
_SCALES = np.geomspace(0.4, 1.6, 17)
"""Scales that are tried: z-scores should have 1, and steps of 9 % are finer than a few hundred of them can tell."""
_ENOUGH = 200
"""Scores below which tails cannot be told: of so many, half a normal one lies beyond three."""
_NORMAL = 200.0
"""Degrees of freedom that stand for the normal distribution."""
_LEAST_GAIN = 6.0
"""Log-likelihood by which heavy tails must fit better than normal ones."""
_MOST = 20_000
"""Scores that are fitted; of more, as many are taken evenly: the fit takes time for each of them."""


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

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> tail_of(rng.normal(size=1000)) is None
    True
    >>> tail_of(rng.standard_t(3.0, size=1000)).degrees
    3.0
    """
    known = scores[np.isfinite(scores)]
    if known.size < _ENOUGH:
        return None
    if known.size > _MOST:
        known = known[np.linspace(0, known.size - 1, _MOST).astype(int)]
    squares = known**2
    fits = {float(degrees): _best(squares, float(degrees)) for degrees in (*_DEGREES, _NORMAL)}
    degrees = max(fits, key=lambda tried: fits[tried][0])
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
