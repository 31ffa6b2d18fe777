"""Chooses a sample of rows by their positions: the same rows each time, and spread evenly over all of them."""

from __future__ import annotations

from typing import Any

_STEP, _ROUND = 618_034, 1_000_003
"""Steps of the golden section around a circle: whatever period the rows have, the sample does not fall in with it."""


def in_sample(positions: Any, fraction: float) -> Any:
    """Return which rows are of the sample.

    Parameters
    ----------
    positions : array of int or ibis integer column
        Of the rows, from 0.
    fraction : float
        Share of the rows to choose.

    Returns
    -------
    array of bool or ibis boolean column

    References
    ----------
    Weyl (1916), Über die Gleichverteilung von Zahlen mod. Eins: such steps visit all parts of the circle equally often.
    """
    return positions * _STEP % _ROUND < min(int(fraction * _ROUND) + 1, _ROUND)
