"""The profile of one column from its values: sorted numbers, or the rows of each category."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from airmedic_core.profile.columns import CategoricalProfile, Floats, NumericProfile, centre_of, first_names
from airmedic_core.profile.edges import Categories


def numeric_profile(cuts: Floats, values: np.ndarray, unreadable: int = 0) -> NumericProfile:
    """Profile one column of numbers.

    The values are sorted, after which every count is a position and every sum one of adjacent values. With the vector
    instructions of current processors this is several times faster than a search per value.

    Parameters
    ----------
    cuts : numpy.ndarray
        Ascending cut points.
    values : numpy.ndarray
        Floats, shape (rows,); not-a-number where missing or unreadable.
    unreadable : int
        How many of them are unreadable.

    Examples
    --------
    >>> profile = numeric_profile(np.array([1.0, 2.0]), np.array([0.0, 1.0, 1.5, 9.0, np.nan, np.inf]))
    >>> profile.counts, profile.nulls, profile.non_finite, profile.mean
    (array([2, 1, 1]), 1, 1, 2.875)
    """
    ordered = np.sort(values)
    first, last = np.searchsorted(ordered, [-np.inf, np.inf], side="right")
    last = np.searchsorted(ordered[:last], np.inf, side="left")
    known = int(np.searchsorted(ordered, np.nan, side="left"))
    finite = ordered[first:last]
    rows = len(values)
    if len(finite) == 0:
        empty = NumericProfile.without_values(cuts, rows=rows, nulls=rows - known - unreadable, unreadable=unreadable)
        return replace(empty, non_finite=known)
    minimum, maximum = float(finite[0]), float(finite[-1])
    below, upto = (int(np.searchsorted(finite, 0.0, side=side)) for side in ("left", "right"))
    bounds = np.concatenate([[0], np.searchsorted(finite, cuts, side="right"), [len(finite)]])
    counts = np.diff(bounds)
    sums = np.zeros(len(counts))
    filled = np.flatnonzero(counts)
    with np.errstate(over="ignore"):  # squares of numbers near the largest float are infinite, as in any float sum
        sums[filled] = np.add.reduceat(finite, bounds[filled])
        total = float(sums.sum())
        finite -= centre_of(cuts)  # in place, at last: memory that is still in the processor's cache
        # Not np.dot: BLAS starts threads for it, which spin on the cores that decode the next rows.
        squares = float(np.einsum("i,i->", finite, finite))
    return NumericProfile(
        edges=cuts,
        rows=rows,
        nulls=rows - known - unreadable,
        non_finite=known - len(finite),
        unreadable=unreadable,
        zeros=upto - below,
        negatives=below,
        minimum=minimum,
        maximum=maximum,
        total=total,
        squares=squares,
        counts=counts.astype(np.int64),
        sums=sums,
    )


def categorical_profile(known: Categories, counts: dict[str, int], nulls: int) -> CategoricalProfile:
    """Profile one column of categories from the rows of each value.

    Parameters
    ----------
    known : Categories
        The reference's values.
    counts : dict of str to int
        The rows of each value.
    nulls : int
        Rows without a value.

    Examples
    --------
    >>> profile = categorical_profile(Categories(("web", "phone"), ("fax",)), {"web": 7, "fax": 1, "app": 2}, 1)
    >>> profile.counts, profile.other, profile.unseen, profile.rows
    (array([7, 0]), 1, 2, 11)
    """
    known_rows = np.zeros(len(known.top) + 1, np.int64)
    unseen: dict[str, int] = {}
    for name, rows in counts.items():
        position = known.positions.get(name)
        if position is not None:
            known_rows[position] += rows
        else:
            unseen[name] = rows
    strangers = sum(unseen.values())
    other = int(known_rows[-1]) + (0 if known.complete else strangers)
    return CategoricalProfile(
        categories=known.top,
        rows=sum(counts.values()) + nulls,
        nulls=nulls,
        counts=known_rows[:-1],
        other=other,
        unseen=strangers if known.complete else 0,
        unseen_names=first_names(unseen) if known.complete else {},
    )
