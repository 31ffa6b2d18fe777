"""Histories of several regimes: a value to which a window has jumped before is nothing new when it comes again.

A reference that was renewed a day after its inputs had moved holds one window of the new kind among many of the old.
Its mean is of neither, and its spread says little; but what somebody has accepted as normal must not alarm again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST_WINDOWS = 8
"""Windows of history from which its middle and its spread tell which of them jumped."""
_JUMP = 6.0
"""A window so many robust standard deviations from most others has jumped."""
_NO_FURTHER = 1.25
"""A move that comes again may lie so many times as far out as the window that jumped: two days after one move differ,
too.
"""
_BY_CHANCE = 2.5
"""Standard errors by which two windows of one regime may differ."""


@dataclass(frozen=True)
class Seen:
    """From where to where a column's statistics have jumped, as differences from the centre; NaN where none did."""

    low: Array
    high: Array

    def covers(self, difference: Array) -> NDArray[np.bool_]:
        """Return which differences lie no further out than windows that have jumped."""
        with np.errstate(invalid="ignore"):
            covered: NDArray[np.bool_] = (difference >= self.low) & (difference <= self.high)
        return covered


def seen_before(history: Array, noise: Array, centre: Array, columns: Sequence[str]) -> Seen:
    """Return what the windows of history that jumped have shown.

    Parameters
    ----------
    history : array, shape (windows, entries)
        Statistics of earlier windows.
    noise : array, shape (windows, entries)
        The variance of each that sampling rows alone produces.
    centre : array, shape (entries,)
        What differences are taken from.
    columns : sequence of str
        The column of each entry. A window that jumped in one statistic of a column did so in all: where one category
        gains, the others lose.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> history = rng.normal(size=(20, 1))
    >>> history[-1] = 30.0
    >>> seen = seen_before(history, np.full((20, 1), 0.1), np.zeros(1), ["price"])
    >>> seen.covers(np.array([31.0])), seen.covers(np.array([60.0]))
    (array([ True]), array([False]))
    """
    nothing = np.full(len(centre), np.nan)
    enough = np.isfinite(history).sum(axis=0) >= _LEAST_WINDOWS
    if not enough.any():
        return Seen(nothing, nothing)
    known = np.where(enough, history, 0.0)
    apart = np.abs(known - np.nanmedian(known, axis=0))
    error = np.sqrt(np.maximum(np.nanmean(np.where(enough, noise, 0.0), axis=0), 1e-12))
    usual = np.maximum(1.4826 * np.nanmedian(apart, axis=0), error)
    jumped = np.nan_to_num(apart) > _JUMP * usual
    for column in dict.fromkeys(columns):
        mine = np.array([name == column for name in columns])
        jumped[:, mine] = jumped[:, mine].any(axis=1, keepdims=True)
    reached = np.where(jumped & enough, np.nan_to_num(known - centre), 0.0)
    slack = np.where(jumped.any(axis=0) & enough, _BY_CHANCE * np.sqrt(2.0) * error, np.nan)
    return Seen(_NO_FURTHER * reached.min(axis=0) - slack, _NO_FURTHER * reached.max(axis=0) + slack)
