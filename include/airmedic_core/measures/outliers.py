"""Rows and values that the reference has no place for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.comparison.rows import sample
from airmedic_core.profile import NumericProfile
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Profile

Counts = NDArray[np.int64]
Side = tuple[str, int]
"""A column, and one of its ends: 1 or -1."""

EXTREME_RANK = 0.01
"""A value is extreme if at most this share of the reference lies beyond it, or at it."""
_TOGETHER = 0.8
"""Rank correlation from which two columns are measures of one thing."""
_MOST_ROWS = 5000
"""Rows of the reference that a rank correlation is taken from: its standard error is then below 0.015."""
_REPEATED, _LEAST_REPEATS = 0.05, 3
"""Share and number of rows that hold one value beyond the reference's range: measurements do not repeat so exactly."""


def extreme_columns(
    whole: Profile, frame: pd.DataFrame, together: Mapping[str, Side] | None = None, *, measured: bool = False
) -> Counts:
    """Return, for each row, in how many columns its value is extreme.

    Parameters
    ----------
    whole : Profile
        Of the reference: what lies at its ends is extreme.
    frame : DataFrame
        The rows.
    together : mapping of str to (str, int), optional
        From :func:`moving_together`. Columns of one group count once for a row that is extreme in the direction that
        they share, such as a hot day in two measures of heat, and twice for one that contradicts itself.
    measured : bool
        Whether values that :func:`repeated_beyond` tells are left out, because no measurement repeats so exactly.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.profile import Edges, build_profile
    >>> from airmedic_core.profile.edges import cut_points
    >>> usual = pd.DataFrame(np.random.default_rng(0).normal(size=(1000, 2)), columns=["price", "weight"])
    >>> whole = build_profile(Edges({name: cut_points(usual[name].to_numpy()) for name in usual}, {}), usual)
    >>> extreme_columns(whole, pd.DataFrame({"price": [0.0, 9.0, 9.0], "weight": [0.0, 0.0, -9.0]}))
    array([0, 1, 2])
    """
    extreme: dict[Side, NDArray[np.bool_]] = {}
    for name, column in whole.columns.items():
        if isinstance(column, NumericProfile) and column.values and name in frame:
            low, high = plausible(column)
            values = numbers(frame[name])[0]
            repeats = repeated_beyond(column, values) if measured else np.zeros(len(values), dtype=bool)
            leader, sign = (together or {}).get(name, (name, 1))
            with np.errstate(invalid="ignore"):
                for side, beyond in ((-sign, values < low), (sign, values > high)):
                    told = beyond & ~repeats
                    extreme[leader, side] = extreme.get((leader, side), np.zeros(len(frame), dtype=bool)) | told
    count = np.zeros(len(frame), dtype=np.int64)
    for beyond in extreme.values():
        count += beyond
    return count


def repeated_beyond(column: NumericProfile, values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which values repeat one value beyond the reference's range so often that it stands for something else.

    A sensor that reads -200 where it is broken, or a rate that is fixed for a month, is no measurement that is extreme.
    """
    none = np.zeros(len(values), dtype=bool)
    if column.minimum is None or column.maximum is None:
        return none
    with np.errstate(invalid="ignore"):
        beyond = (values < column.minimum) | (values > column.maximum)
    distinct, counts = np.unique(values[beyond], return_counts=True)
    often = distinct[counts >= max(_REPEATED * len(values), _LEAST_REPEATS)]
    return np.isin(values, often) if often.size else none


def ranks_moved(whole: Profile, rows: pd.DataFrame, reference: pd.DataFrame) -> float:
    """Return by how much of the reference's ranks rows lie elsewhere: the median over the columns of numbers, 0 to 0.5.

    Parameters
    ----------
    whole : Profile
        Of the reference: its columns of numbers are compared.
    rows, reference : DataFrame
        The rows that may have moved, and those that they are held against.
    """
    moved = []
    for name, column in whole.columns.items():
        if not isinstance(column, NumericProfile) or name not in rows or name not in reference:
            continue
        values, usual = numbers(rows[name])[0], np.sort(numbers(reference[name])[0])
        values, usual = values[np.isfinite(values)], usual[np.isfinite(usual)]
        if values.size and usual.size:
            ranks = (usual.searchsorted(values, "left") + usual.searchsorted(values, "right")) / (2.0 * usual.size)
            moved.append(abs(float(ranks.mean()) - 0.5))
    return float(np.median(moved)) if moved else 0.0


def moving_together(whole: Profile, reference: pd.DataFrame) -> dict[str, Side]:
    """Return, for each numeric column, the first one that it moves with and in which direction, by rank correlation."""
    import pandas as pd

    rows = sample(reference, _MOST_ROWS)
    names = [name for name, column in whole.columns.items() if isinstance(column, NumericProfile) and name in reference]
    ranks = pd.DataFrame({name: numbers(rows[name])[0] for name in names}).rank()
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.atleast_2d(np.corrcoef(ranks.fillna(ranks.mean()).to_numpy(), rowvar=False))
    leaders: list[int] = []
    sides: dict[str, Side] = {}
    for at, name in enumerate(names):
        leader = next((earlier for earlier in leaders if abs(correlation[at, earlier]) >= _TOGETHER), at)
        if leader == at:
            leaders.append(at)
        sides[name] = names[leader], -1 if correlation[at, leader] < 0 else 1
    return sides


def plausible(column: NumericProfile) -> tuple[float, float]:
    """Return the values between which all but the extreme ends of the reference lie, both inclusive."""
    total = max(int(column.counts.sum()), 1)
    upto = np.cumsum(column.counts) / total
    low_bin = int(np.searchsorted(upto, EXTREME_RANK, side="left"))
    high_bin = int(np.searchsorted(upto, 1.0 - EXTREME_RANK, side="left"))
    edges = np.concatenate([[-np.inf], column.edges, [np.inf]])
    # Bins are open below and closed above: what lies at the lower edge belongs to the bin before.
    return float(np.nextafter(edges[low_bin], np.inf)), float(edges[high_bin + 1])
