"""Says how uncertain a metric is: a bootstrap over blocks of time, because neighbouring rows depend on each other."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from airmedic_core.metrics.base import Array, Blocks, Metric

_WIDTH_95 = 3.92
"""Width of a 95 % interval of a normal distribution, in standard errors: 2 × 1.96."""


RESAMPLES = 1000
"""Resamples where nothing else is said. What is made anew for each window takes fewer, and says how many it needs."""


_LEAST_BEYOND = 10
"""Resamples that lie beyond a percentile at the least where it is read off: with ten, chance moves the tail by a third
(1 / √10)."""


def block_draws(blocks: int, resamples: int = RESAMPLES, seed: int = 0) -> Array:
    """Return how often each block is drawn in each resample of a block bootstrap, shape (resamples, blocks).

    Blocks are drawn with replacement, as many as there are (Künsch 1989, without overlap).

    Parameters
    ----------
    blocks : int
        How many there are.
    resamples : int
        How many are drawn.
    seed : int
        The same seed draws the same.

    Examples
    --------
    >>> block_draws(4, resamples=2).sum(axis=1)
    array([4., 4.])
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(blocks, np.full(blocks, 1 / blocks), size=resamples).astype(np.float64)


@dataclass(frozen=True)
class Interval:
    """A value with its bootstrap interval."""

    value: float
    low: float
    high: float
    rows: int
    blocks: int
    least_error: float = 0.0
    """Standard error that the value has at the least: resamples of a handful of rows know of no others."""

    @property
    def standard_error(self) -> float:
        """The standard error that a 95 % interval implies, and at least the one that is known; NaN without either."""
        error = (self.high - self.low) / _WIDTH_95
        if math.isnan(error):
            return self.least_error or error
        return max(error, self.least_error)


def interval(
    measure: Metric,
    labels: Array,
    scores: Array,
    blocks: Blocks,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return a metric with the percentile interval of a bootstrap over time blocks.

    Parameters
    ----------
    measure : Metric
        What is measured.
    labels, scores : array of n rows
        Rows with known labels only.
    blocks : array of int, shape (n,)
        The time block of each row, from 0.
    confidence : float
        Coverage of the interval.
    resamples, seed : int
        As :func:`block_draws` takes them.

    Returns
    -------
    Interval
        The bounds are NaN where fewer than two blocks exist.

    Examples
    --------
    >>> from airmedic_core.metrics import metric
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.normal(size=400)
    >>> errors = interval(metric("mae", "regression"), labels, np.zeros(400), time_blocks(400))
    >>> errors.low < errors.value < errors.high
    True
    """
    value = measure(labels, scores)
    count = int(blocks.max()) + 1 if len(blocks) else 0
    low, high = float("nan"), float("nan")
    if count > 1:
        drawn = measure.resampled(labels, scores, blocks, block_draws(count, resamples, seed))
        low, high = percentile_bounds(drawn, confidence)
    least_error = measure.least_error(labels, scores, value) if len(labels) else 0.0
    return Interval(value, low, high, len(labels), count, least_error if math.isfinite(least_error) else 0.0)


def percentile_bounds(values: Array, confidence: float) -> tuple[float, float]:
    """Return the two-sided percentile bounds of the resamples that are defined; NaN where none is.

    Examples
    --------
    >>> percentile_bounds(np.append(np.arange(101.0), np.nan), 0.5)
    (25.0, 75.0)
    """
    defined = values[np.isfinite(values)]
    if len(defined) == 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def tail_bounds(values: Array, confidence: float, blocks: int) -> tuple[float, float]:
    """Return two-sided bounds of resamples, also for a confidence that these are too few for.

    A percentile that fewer than ten resamples lie beyond is left to chance, and beyond the last one it moves no more.
    There, the bound goes on from the last percentile that is known as a t distribution does, which has the spread of
    the resamples and one degree of freedom less than there are blocks. NaN where no resample is defined.

    Parameters
    ----------
    values : array of float, shape (resamples,)
        The resamples.
    confidence : float
        Of the interval.
    blocks : int
        How many blocks each was drawn from.

    Examples
    --------
    >>> values = np.random.default_rng(0).normal(size=1000)
    >>> [round(tail_bounds(values, confidence, 60)[1], 2) for confidence in (0.95, 0.98, 0.999, 0.99999)]
    [1.83, 2.23, 3.28, 4.61]
    """
    tail, known = (1 - confidence) / 2, _LEAST_BEYOND / max(int(np.isfinite(values).sum()), 2 * _LEAST_BEYOND)
    low, high = percentile_bounds(values, 1 - 2 * max(tail, known))
    if tail >= known or not math.isfinite(low):
        return low, high
    freedom = max(blocks - 1, 1)
    further = float(special.stdtrit(freedom, known) - special.stdtrit(freedom, tail))
    spread = float(values[np.isfinite(values)].std(ddof=1))
    return low - further * spread, high + further * spread


def time_blocks(rows: int, most: int = 50) -> Blocks:
    """Return the block of each of so many rows in time: neighbours together, about as many blocks as rows in each.

    Examples
    --------
    >>> time_blocks(9)
    array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    """
    blocks = int(np.clip(np.sqrt(rows), 1, most))
    return np.minimum(np.arange(rows) * blocks // max(rows, 1), blocks - 1)
