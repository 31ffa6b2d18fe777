"""Columns of few values: each value is converted exactly, so that the values themselves show the conversion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airmedic_core.checks.units.grid import grid_of
from airmedic_core.checks.units.options import LIMITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.profile import NumericProfile


def conversion_by_levels(
    values: NDArray[np.float64], maps: Iterable[Map], least_share: float, *profiles: NumericProfile
) -> tuple[Map, float] | None:
    """Return the map under which new values are the images of known ones, as often as those were, and their share.

    At least three levels must be met exactly, and the frequent ones must not be missing: a new level, or a few, is no
    conversion. Levels that a map leaves alone, such as zero, say nothing.

    Parameters
    ----------
    values : array, shape (rows,)
        The finite values of the window.
    maps : iterable of Map
        The conversions to try.
    least_share : float
        Share of new values below which none is looked for.
    *profiles : NumericProfile
        The column as it usually is.
    """
    import numpy as np

    levels = grid_of(*profiles)
    if not LIMITS.least_levels <= len(levels) <= LIMITS.most_levels:
        return None
    new = values[_position(values, levels) < 0]
    if len(new) < max(LIMITS.new_rows, least_share * len(values)) or len(np.unique(new)) < LIMITS.least_levels:
        return None
    counts = np.sum([profile.counts for profile in profiles], axis=0)
    usual = counts[np.flatnonzero(counts[:-1] > 0)]
    best: tuple[float, Map, float] | None = None
    for conversion in maps:
        images = conversion.factor * levels + conversion.offset
        moved = _position(images, levels) < 0
        order = np.argsort(images[moved])
        level = _position(new, images[moved][order])
        rows_of_level = np.bincount(level[level >= 0], minlength=len(order))
        if np.mean(level >= 0) < LIMITS.back or np.count_nonzero(rows_of_level) < LIMITS.least_levels:
            continue
        expected = usual[moved][order] / usual[moved].sum()
        distance = float(np.abs(np.cumsum(rows_of_level / rows_of_level.sum()) - np.cumsum(expected)).max())
        covered = float(expected[rows_of_level > 0].sum())
        if covered < LIMITS.covered or distance > LIMITS.levels_apart + LIMITS.ks_5_percent / len(new) ** 0.5:
            continue
        if best is None or distance < best[0]:
            share = len(new) / (len(values) * float(usual[moved].sum() / usual.sum()))
            best = distance, conversion, min(share, 1.0)
    return best and best[1:]


def _position(values: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which of the sorted levels each value is, but for rounding; -1 where it is none."""
    import numpy as np

    if not len(levels):
        return np.full(len(values), -1)
    after = np.clip(np.searchsorted(levels, values), 1, max(len(levels) - 1, 1)) % len(levels)
    nearest = np.where(np.abs(values - levels[after]) <= np.abs(values - levels[after - 1]), after, after - 1)
    nearest = nearest % len(levels)
    slack = LIMITS.rounded * np.maximum(np.abs(levels[nearest]), 1e-6)
    return np.where(np.abs(values - levels[nearest]) <= slack, nearest, -1)
