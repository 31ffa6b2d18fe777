"""Columns of few values: each value is converted exactly, so that the values themselves show the conversion."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airmedic_core.checks.units.grid import grid_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.profile import NumericProfile

_MOST_LEVELS = 60
_LEAST_LEVELS = 3
_LEAST_ROWS = 5
_ROUNDED = 1e-3
_EXPLAINED = 0.95
_COVERED = 0.8
_FARTHEST = 0.15


def conversion_by_levels(
    values: NDArray[np.float64], maps: Iterable[Map], least_share: float, *profiles: NumericProfile
) -> tuple[Map, float] | None:
    """Return the map under which new values are the images of known ones, as often as those were, and their share.

    At least three levels must be met exactly, and the frequent ones must not be missing: a new level, or a few, is no
    conversion. Levels that a map leaves alone, such as zero, say nothing.
    """
    import numpy as np

    levels = grid_of(*profiles)
    if not _LEAST_LEVELS <= len(levels) <= _MOST_LEVELS:
        return None
    new = values[_position(values, levels) < 0]
    if len(new) < max(_LEAST_ROWS, least_share * len(values)) or len(np.unique(new)) < _LEAST_LEVELS:
        return None
    counts = np.sum([profile.counts for profile in profiles], axis=0)
    usual = counts[np.flatnonzero(counts[:-1] > 0)]
    best: tuple[float, Map, float] | None = None
    for one in maps:
        images = one.factor * levels + one.offset
        moved = _position(images, levels) < 0
        order = np.argsort(images[moved])
        at = _position(new, images[moved][order])
        found = np.bincount(at[at >= 0], minlength=len(order))
        if np.mean(at >= 0) < _EXPLAINED or np.count_nonzero(found) < _LEAST_LEVELS:
            continue
        expected = usual[moved][order] / usual[moved].sum()
        distance = float(np.abs(np.cumsum(found / found.sum()) - np.cumsum(expected)).max())
        covered = float(expected[found > 0].sum())
        if covered < _COVERED or distance > _FARTHEST + 1.36 / len(new) ** 0.5:
            continue
        if best is None or distance < best[0]:
            share = len(new) / (len(values) * float(usual[moved].sum() / usual.sum()))
            best = distance, one, min(share, 1.0)
    return best and best[1:]


def _position(values: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which of the sorted levels each value is, but for rounding; -1 where it is none."""
    import numpy as np

    if not len(levels):
        return np.full(len(values), -1)
    after = np.clip(np.searchsorted(levels, values), 1, max(len(levels) - 1, 1)) % len(levels)
    nearest = np.where(np.abs(values - levels[after]) <= np.abs(values - levels[after - 1]), after, after - 1)
    nearest = nearest % len(levels)
    slack = _ROUNDED * np.maximum(np.abs(levels[nearest]), 1e-6)
    return np.where(np.abs(values - levels[nearest]) <= slack, nearest, -1)
