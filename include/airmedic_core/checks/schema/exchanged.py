"""Columns under each other's names: each of two numbers lies where the other one was."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

from airmedic_core.profile import NumericProfile, ks

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.metrics import Array

_MOVED = 0.3
_LEFT = 0.25
_LEAST_ROWS = 50
_FEW_VALUES = 2
"""Flags swap their shares whenever a mix turns: which of them is which, they cannot tell."""
_MIRRORED = 0.05


def exchanged_columns(context: CheckContext) -> list[tuple[str, str]]:
    """Return the pairs of columns that lie where the other one was, and both where no window has had them.

    Each is held against the other's reference by the Kolmogorov–Smirnov distance: what is left must be a quarter of
    how far it moved. A column and what it leaves of a whole mirror each other: a change of mix moves one to where the
    other was, so they are no such pair.
    """
    from airmedic_core.profile.values import numbers

    @cache
    def rows_of(name: str) -> Array:
        return numbers(context.frame[name])[0]

    @cache
    def sorted_values(name: str) -> Array:
        import numpy as np

        values = rows_of(name)
        return np.sort(values[np.isfinite(values)])

    @cache
    def unlike_any(name: str) -> bool:
        return _unlike_any_window(context, name, moved[name])

    moved = _moved(context)
    return [
        (one, other)
        for one, other in combinations(moved, 2)
        if _near(context, one, other)
        and _near(context, other, one)
        and _distance(sorted_values(one), context, other) <= _LEFT * moved[one]
        and _distance(sorted_values(other), context, one) <= _LEFT * moved[other]
        and unlike_any(one)
        and unlike_any(other)
        and not _mirrored(rows_of(one), rows_of(other))
    ]


def _moved(context: CheckContext) -> dict[str, float]:
    """Return how far each column of several values lies from its reference, if that is far."""
    now, whole, facts = context.profile, context.reference.whole, context.facts.columns
    return {
        name: distance
        for name in now.edges.numeric
        if name not in now.missing
        and isinstance(mine := now.columns[name], NumericProfile)
        and isinstance(usual := whole.columns[name], NumericProfile)
        and mine.values >= _LEAST_ROWS
        and mine.minimum != mine.maximum
        and (name not in facts or facts[name].distinct > _FEW_VALUES)
        and usual.values
        and (distance := ks(usual, mine)) >= _MOVED
    }


def _unlike_any_window(context: CheckContext, name: str, distance: float) -> bool:
    """Whether a column lies farther out than in any window so far, by more than rows explain."""
    usual = context.reference.whole.columns[name]
    assert isinstance(usual, NumericProfile)  # noqa: S101  chosen so above
    past = [
        ks(usual, column)
        for profile in context.past_profiles
        if isinstance(column := profile.columns[name], NumericProfile) and column.values
    ]
    return distance > max(past, default=0.0) + math.sqrt(1.0 / max(context.rows_seen, 1))


def _near(context: CheckContext, name: str, place: str) -> bool:
    """Whether a column's mean is near the other one's, so that looking at its rows is worth it."""
    now, reference = context.profile.columns[name], context.reference.whole.columns[place]
    assert isinstance(now, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    return abs(now.mean - reference.mean) <= 0.5 * max(now.sd, reference.sd)


def _distance(ordered: Array, context: CheckContext, place: str) -> float:
    """Return how far sorted values lie from the reference of a column."""
    import numpy as np

    reference = context.reference.whole.columns[place]
    assert isinstance(reference, NumericProfile)  # noqa: S101  chosen so above
    if not len(ordered):
        return 1.0
    mine = np.searchsorted(ordered, reference.edges, side="right") / len(ordered)
    return float(np.abs(mine - np.cumsum(reference.counts)[:-1] / reference.values).max(initial=0.0))


def _mirrored(one: Array, other: Array) -> bool:
    """Whether two columns add up to the same in every row."""
    import numpy as np

    both = np.isfinite(one) & np.isfinite(other)
    spread = float(np.std(one[both]) + np.std(other[both])) if both.any() else 0.0
    return spread > 0.0 and float(np.std(one[both] + other[both])) <= _MIRRORED * spread
