"""Columns under each other's names: each of two numbers lies where the other one was."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from airmedic_core.profile import NumericProfile, ks

if TYPE_CHECKING:
    from airmedic_core.checks import CheckContext

_MOVED = 0.3
_LEFT = 0.25
_LEAST_ROWS = 50


def exchanged_columns(context: CheckContext) -> list[tuple[str, str]]:
    """Return the pairs of columns that lie where the other one was, and both far from where they were.

    Each is held against the other's reference by the Kolmogorov–Smirnov distance: what is left must be a quarter of
    how far it moved, or what rows explain.
    """
    from airmedic_core.profile.from_values import numeric_profile
    from airmedic_core.profile.values import numbers

    now, whole = context.profile, context.reference.whole
    moved = [
        (name, distance)
        for name in now.edges.numeric
        if name not in now.missing
        and isinstance(mine := now.columns[name], NumericProfile)
        and isinstance(usual := whole.columns[name], NumericProfile)
        and mine.values >= _LEAST_ROWS
        and usual.values
        and (distance := ks(usual, mine)) >= _MOVED
    ]
    found = []
    for (one, far), (other, far_too) in combinations(moved, 2):
        if not (_near(context, one, other) and _near(context, other, one)):
            continue
        left = []
        for name, place in ((one, other), (other, one)):
            reference = whole.columns[place]
            assert isinstance(reference, NumericProfile)  # noqa: S101  chosen so above
            values = numbers(context.frame[name])[0]
            left.append(ks(reference, numeric_profile(reference.edges, values)))
        noise = 1.63 / context.rows_seen**0.5
        if all(
            rest <= min(max(_LEFT * before, noise), 0.5 * before)
            for rest, before in zip(left, (far, far_too), strict=True)
        ):
            found.append((one, other))
    return found


def _near(context: CheckContext, name: str, place: str) -> bool:
    """Whether a column's mean is near the other one's, so that looking at its rows is worth it."""
    now, reference = context.profile.columns[name], context.reference.whole.columns[place]
    assert isinstance(now, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    return abs(now.mean - reference.mean) <= 0.5 * max(now.sd, reference.sd)
