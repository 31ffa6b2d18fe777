"""Says how much better one model is than another, in an interval that may be looked at as often as anybody likes.

An interval of a fixed confidence that is looked at after each block of time ends up beside the truth sooner or later. A
confidence sequence covers it at all times at once, so that a comparison may stop as soon as it has an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PRIOR_BLOCKS = 20.0
"""Sets how many blocks the prior weighs: effects of about 1/√20 of the blocks' spread are found soonest, and nothing is
said before the thirteenth block. With 10, up to 6 % of equal pairs whose blocks depend on each other were stopped
(``benchmarks/sequential.py``).
"""
LEAST_BLOCKS = 8
"""With fewer, neither spread nor dependence of the blocks is known well enough to say anything."""
_MOST_DEPENDENCE = 0.95
"""Correlation of neighbouring blocks beyond which they would weigh nothing at all."""


@dataclass(frozen=True)
class Interval:
    """Says where the mean of all blocks to come lies, as far as the blocks until now tell."""

    mean: float
    low: float
    high: float
    blocks: int
    effective_blocks: float
    """As how many independent blocks they count."""


def running_interval(differences: Array, confidence: float = 0.95) -> tuple[Array, Array, Array]:
    """Return mean and half width of the interval, as they are after each block.

    Parameters
    ----------
    differences : array, shape (n,) or (k, n)
        Of each block of time, oldest first; of one comparison, or of k.
    confidence : float
        The chance that the interval covers the mean at all times.

    Returns
    -------
    mean, half_width, effective_blocks : arrays of the same shape
        The half width is infinite while the blocks are too few.

    Notes
    -----
    The mixture of Gaussian means over the right Haar measure of the spread: Lai 1976, On confidence sequences, Annals
    of Statistics 4:265–280; Wang and Ramdas 2023, Anytime-valid t-tests and confidence sequences for Gaussian means
    with unknown variance, arXiv:2310.03722. Blocks that depend on their neighbours count as fewer:
    n (1 − r) / (1 + r), with their correlation r less its bias (Marriott and Pope 1954, Biometrika 41:390–402) and
    never below 0.

    Examples
    --------
    >>> blocks = np.random.default_rng(1).normal(0.5, 1.0, 200)
    >>> mean, half, effective = running_interval(blocks)
    >>> [bool(np.isinf(half[at])) for at in (6, 40)]
    [True, False]
    >>> (mean - half)[[40, 199]].round(2)
    array([-0.14,  0.23])
    """
    x = np.asarray(differences, dtype=np.float64)
    # Sums of squares lose their digits far from zero.
    origin = x[..., :1]
    x = x - origin
    n = np.arange(1, x.shape[-1] + 1, dtype=np.float64)
    mean = np.cumsum(x, axis=-1) / n
    squares = np.maximum(np.cumsum(x * x, axis=-1) - n * mean * mean, 0.0)
    dependence = _dependence(x, mean, squares, n)
    effective = n * (1 - dependence) / (1 + dependence)
    # log A = log(√((n + c²) / c²) / α): beyond it the mixture's martingale speaks against a mean.
    log_bound = 0.5 * np.log((effective + PRIOR_BLOCKS) / PRIOR_BLOCKS) - np.log(1 - confidence)
    fraction = -np.expm1(-2 * log_bound / effective)
    room = effective / (effective + PRIOR_BLOCKS) - fraction
    known = (room > 0) & (n >= LEAST_BLOCKS)
    half = np.where(known, np.sqrt(squares / n * fraction / np.where(known, room, 1.0)), np.inf)
    return mean + origin, half, effective


def interval_of(differences: Array, confidence: float = 0.95) -> Interval:
    """Return the interval after the newest block.

    Parameters
    ----------
    differences : array, shape (n,)
        Of each block of time, oldest first.
    confidence : float
        The chance that the interval covers the mean at all times.

    Examples
    --------
    >>> interval_of(np.array([]))
    Interval(mean=0.0, low=-inf, high=inf, blocks=0, effective_blocks=0.0)
    >>> clear = interval_of(np.random.default_rng(0).normal(1.0, 0.5, 40))
    >>> (round(clear.low, 2), round(clear.high, 2))
    (0.59, 1.35)
    """
    if not len(differences):
        return Interval(0.0, -np.inf, np.inf, 0, 0.0)
    mean, half, effective = (float(running[-1]) for running in running_interval(differences, confidence))
    return Interval(mean, mean - half, mean + half, len(differences), effective)


def judge(interval: Interval, tolerance: float) -> Literal["successful", "failed", "inconclusive"]:
    """Return what an interval of gains says: surely not worse than is tolerated, surely worse, or neither yet.

    Parameters
    ----------
    interval : Interval
        Of what is gained: the loss of the one that serves less that of the one that is tried.
    tolerance : float
        How much may be lost, in the same units.

    Examples
    --------
    >>> judge(Interval(0.1, -0.01, 0.2, 20, 20.0), 0.02), judge(Interval(-0.1, -0.2, -0.01, 20, 20.0), 0.02)
    ('successful', 'failed')
    >>> judge(Interval(0.0, -0.2, 0.2, 9, 9.0), 0.02)
    'inconclusive'
    """
    if interval.high < 0:
        return "failed"
    return "successful" if interval.low > -tolerance else "inconclusive"


def _dependence(x: Array, mean: Array, squares: Array, n: Array) -> Array:
    """Return the correlation of neighbouring blocks after each block, less its bias, from 0 on."""
    products = np.zeros_like(x)
    products[..., 1:] = x[..., 1:] * x[..., :-1]
    first, newest = x[..., :1], x
    sums = n * mean
    covariance = np.cumsum(products, axis=-1) - mean * (2 * sums - first - newest) + (n - 1) * mean * mean
    correlation = np.divide(covariance, squares, out=np.zeros_like(x), where=squares > 0)
    bias = (1 + 4 * np.clip(correlation, 0.0, 1.0)) / n
    return np.asarray(np.clip(correlation + bias, 0.0, _MOST_DEPENDENCE))
