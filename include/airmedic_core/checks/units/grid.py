"""Measurement grids: values of a column that is measured in steps lie on them, converted ones lie between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.profile import NumericProfile

_MOST_STEPS = 120
_LEAST_STEPS, _LEAST_ROWS = 8, 5
_LEAST_REPEATS = 5
_ONE_VALUE = 0.99
_BACK = 0.95


def grid_of(*profiles: NumericProfile) -> NDArray[np.float64]:
    """Return the values that a column takes; empty where they are too many, or too seldom the same, to be a grid."""
    import numpy as np

    counts = np.sum([profile.counts for profile in profiles], axis=0)
    sums = np.sum([profile.sums for profile in profiles], axis=0)
    edges, filled = profiles[0].edges, np.flatnonzero(counts[:-1] > 0)
    steps: NDArray[np.float64] = edges[filled]
    # A bin of one value has that value, its upper edge, for a mean.
    apart = np.abs(sums[filled] / counts[filled] - steps)
    one_value = apart <= 1e-6 * np.maximum(np.abs(steps), 1e-6)
    single = counts[filled][one_value].sum() >= _ONE_VALUE * counts.sum()
    often = counts.sum() >= _LEAST_REPEATS * len(steps)
    return steps if single and often and len(steps) <= _MOST_STEPS else steps[:0]


def on_grid(steps: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which values are one of the steps, but for rounding."""
    import numpy as np

    at = np.clip(np.searchsorted(steps, values), 1, len(steps) - 1) if len(steps) > 1 else np.zeros(len(values), int)
    step = max(float(np.median(np.diff(steps))) if len(steps) > 1 else 1.0, 1e-9)
    nearest = np.minimum(np.abs(values - steps[at]), np.abs(values - steps[at - 1]))
    # A value on the same grid may merely not have occurred yet.
    turns = (values - steps[0]) / step
    nearest = np.minimum(nearest, step * np.abs(turns - np.round(turns)))
    return np.asarray(nearest < 1e-2 * step)


def conversion_by_grid(
    values: NDArray[np.float64], maps: Iterable[Map], least_share: float, *profiles: NumericProfile
) -> tuple[Map, float] | None:
    """Return the map that puts values between the steps back onto them, and the share of such values.

    It needs no distribution: a day of one season says little of where a column lies, but the grid of its sensor is the
    same on every day.
    """
    import numpy as np

    steps = grid_of(*profiles)
    if len(steps) < _LEAST_STEPS:
        return None
    between = values[~on_grid(steps, values)]
    if len(between) < max(_LEAST_ROWS, least_share * len(values)) or len(np.unique(between)) < _LEAST_ROWS:
        return None
    found = []
    for one in maps:
        back = one.back(between)
        inside = (back >= steps[0] - 1e-9) & (back <= steps[-1] + 1e-9)
        # Each value has a step of its own: division by a thousand puts all of them next to zero.
        apart = len(np.unique(np.searchsorted(steps, back))) >= 0.6 * len(np.unique(between))
        found.append((float(np.mean(inside & on_grid(steps, back))) if apart else 0.0, one))
    score, best = max(found, key=lambda each: each[0])
    return (best, len(between) / len(values)) if score >= _BACK else None
