"""Columns under each other's names: each of two numbers lies where the other one was."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

from airmedic_core.checks.schema.options import LIMITS
from airmedic_core.profile import NumericProfile, ks

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.metrics import Array


def exchanged_columns(context: CheckContext) -> list[tuple[str, str]]:
    """Return the pairs of columns that lie where the other one was, and both where no window has had them.

    Each is compared with the other's reference by the Kolmogorov–Smirnov distance: at most a quarter of how far it
    moved may be left, or what windows of the other one usually differ by. Two parts of a whole mirror each other: a
    change of mix moves one of them to where the other was, so they are no such pair.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> swapped = {"amount": "income", "income": "amount"}
    >>> exchanged_columns(example_context(lambda day: day.rename(columns=swapped)))
    [('amount', 'income')]
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
        (first, second)
        for first, second in combinations(moved, 2)
        if _near(context, first, second)
        and _near(context, second, first)
        and _distance(sorted_values(first), context, second) <= _most_left(context, second, moved[first])
        and _distance(sorted_values(second), context, first) <= _most_left(context, first, moved[second])
        and unlike_any(first)
        and unlike_any(second)
        and not _mirrored(rows_of(first), rows_of(second))
    ]


def _moved(context: CheckContext) -> dict[str, float]:
    """Return how far each column of several values lies from its reference, if that is far."""
    now, whole, facts = context.profile, context.reference.whole, context.facts.columns
    return {
        name: distance
        for name in now.edges.numeric
        if name not in now.missing
        and isinstance(column := now.columns[name], NumericProfile)
        and isinstance(usual := whole.columns[name], NumericProfile)
        and column.values >= LIMITS.column_rows
        and column.minimum != column.maximum
        and (name not in facts or facts[name].distinct > LIMITS.few_values)
        and usual.values
        and (distance := ks(usual, column)) >= LIMITS.moved
    }


def _unlike_any_window(context: CheckContext, name: str, distance: float) -> bool:
    """Say whether a column lies farther out than in any window so far, by more than rows explain."""
    return distance > max(_past_distances(context, name), default=0.0) + math.sqrt(1.0 / max(context.rows_seen, 1))


def _most_left(context: CheckContext, place: str, moved: float) -> float:
    """Return how far a column may lie from the reference of another one, and still be where that one was."""
    usual = max(_past_distances(context, place), default=0.0)
    return min(max(LIMITS.left * moved, usual), LIMITS.most_left * moved)


def _past_distances(context: CheckContext, name: str) -> list[float]:
    """Return how far each earlier window of a column lies from its reference."""
    usual = context.reference.whole.columns[name]
    assert isinstance(usual, NumericProfile)  # noqa: S101  chosen so above
    return [
        ks(usual, column)
        for profile in context.past_profiles
        if isinstance(column := profile.columns[name], NumericProfile) and column.values
    ]


def _near(context: CheckContext, name: str, place: str) -> bool:
    """Say whether a column's mean is near the other one's, so that looking at its rows is worth it."""
    now, reference = context.profile.columns[name], context.reference.whole.columns[place]
    assert isinstance(now, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    return abs(now.mean - reference.mean) <= LIMITS.near * max(now.sd, reference.sd)


def _distance(ordered: Array, context: CheckContext, place: str) -> float:
    """Return how far sorted values lie from the reference of a column."""
    import numpy as np

    reference = context.reference.whole.columns[place]
    assert isinstance(reference, NumericProfile)  # noqa: S101  chosen so above
    if not len(ordered):
        return 1.0
    share = np.searchsorted(ordered, reference.edges, side="right") / len(ordered)
    return float(np.abs(share - np.cumsum(reference.counts)[:-1] / reference.values).max(initial=0.0))


def _mirrored(first: Array, second: Array) -> bool:
    """Say whether two columns add up to the same in every row."""
    import numpy as np

    both = np.isfinite(first) & np.isfinite(second)
    spread = float(np.std(first[both]) + np.std(second[both])) if both.any() else 0.0
    return spread > 0.0 and float(np.std(first[both] + second[both])) <= LIMITS.mirrored * spread
