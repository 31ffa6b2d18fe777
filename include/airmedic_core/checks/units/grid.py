"""Measurement grids: values of a column that is measured in steps lie on them, converted ones lie between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airmedic_core.checks.units.options import LIMITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.profile import NumericProfile


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
    single = counts[filled][one_value].sum() >= LIMITS.one_value * counts.sum()
    often = counts.sum() >= LIMITS.repeats * len(steps)
    return steps if single and often and len(steps) <= LIMITS.most_steps else steps[:0]


def on_grid(steps: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which values are one of the steps, but for rounding.

    >>> import numpy as np
    >>> on_grid(np.array([0.0, 0.5, 1.0, 1.5]), np.array([0.5, 0.77, 2.0])).tolist()
    [True, False, True]
    """
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

    Parameters
    ----------
    values : array, shape (rows,)
        The finite values of the window.
    maps : iterable of Map
        The conversions to try.
    least_share : float
        Share of values between the steps below which none is looked for.
    *profiles : NumericProfile
        The column as it usually is.
    """
    import numpy as np

    steps = grid_of(*profiles)
    if len(steps) < LIMITS.least_steps:
        return None
    between = values[~on_grid(steps, values)]
    if len(between) < max(LIMITS.new_rows, least_share * len(values)) or len(np.unique(between)) < LIMITS.new_rows:
        return None
    scored = []
    for conversion in maps:
        back = conversion.back(between)
        inside = (back >= steps[0] - 1e-9) & (back <= steps[-1] + 1e-9)
        # Each value has a step of its own: division by a thousand puts all of them next to zero.
        apart = len(np.unique(np.searchsorted(steps, back))) >= 0.6 * len(np.unique(between))
        scored.append((float(np.mean(inside & on_grid(steps, back))) if apart else 0.0, conversion))
    score, best = max(scored, key=lambda pair: pair[0])
    return (best, len(between) / len(values)) if score >= LIMITS.back else None
