"""Groups of rows in another unit: one country's amounts in pence, where all other rows are as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from airmedic_core.measures.ties import category_codes, evenly_spread
from airmedic_core.metrics import Array
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.comparison import CheckContext

_LEAST_ROWS, _LEAST_PAST = 20, 100
_MOST_GROUPS = 30
LEAST_MOVE = 0.5
"""A group that moved by less (Kolmogorov–Smirnov) may have done so by itself."""
_MOST_LEFT = 0.5
_LEFT = 0.25
"""Of a move: so much may be left by a conversion where a group's windows differ by more than rows explain."""
_TYPICAL = 0.9
"""Share of earlier windows that lay no farther from the usual place than a conversion may leave a group."""
_REST = 0.15
_LEAST_FACTOR = 5.0
"""Smaller ones may be a price list of one group."""
_ROUND_FACTOR, _OTHER_FACTOR = 2.0, 1.1
"""How far off a factor may be before its distance must show it; all but powers of ten and sixty lie close together."""
_LEAST_VALUES = 8
_BINS = 64
_BINNED = 0.05
"""What a distance may lose in bins."""
_AS_FAR = 0.75
"""Of a move: a group that has been so far from its usual place goes there by itself."""
_LEAST_IN_WINDOW = 12
_BLOCKS = 8

_Rows = NDArray[np.intp]


class ConvertedGroup(NamedTuple):
    """The rows of one category that a map converted."""

    group: str
    share: float
    one: Map
    before: float
    after: float


class Groups:
    """Which group each row is of, now and in the reference, for every column of categories.

    Parameters
    ----------
    context : CheckContext
        The window.
    past : DataFrame
        Rows of the reference, in the order of their times.
    least_share : float
        Groups of a smaller share of the rows are not looked at.
    """

    def __init__(self, context: CheckContext, past: pd.DataFrame, least_share: float) -> None:
        self._context, self.past, self.least_share = context, past, least_share

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows of the window; of many, some that are evenly spread."""
        return evenly_spread(self._context.frame)

    @cached_property
    def windows(self) -> NDArray[np.intp]:
        """The window of each row of the reference, or the part of it where it was not split."""
        import pandas as pd

        known = self._context.reference.windows
        name = self._context.spec.data.time_column
        if len(known) < 2 or name not in self.past:
            return np.arange(len(self.past)) * _BLOCKS // max(len(self.past), 1)
        times = pd.DatetimeIndex(pd.to_datetime(self.past[name], utc=True, errors="coerce"))
        starts = pd.DatetimeIndex([one.window.start for one in known])
        return np.asarray(starts.searchsorted(times, side="right"), dtype=np.intp)

    @cached_property
    def _large(self) -> list[tuple[str, _Rows, _Rows]]:
        """Each group that is large enough, with its rows now and in the reference."""
        found = []
        least = max(_LEAST_ROWS, self.least_share * len(self.frame))
        for column, known in self._context.profile.edges.categorical.items():
            if column not in self.past or column not in self.frame or column in self._context.profile.missing:
                continue
            names = known.top[:_MOST_GROUPS]
            codes, past = (category_codes(frame[column], names) for frame in (self.frame, self.past))
            rows, past_rows = (np.bincount(each, minlength=len(names) + 1)[:-1] for each in (codes, past))
            found += [
                (f"{column}={names[at]}", np.flatnonzero(codes == at), np.flatnonzero(past == at))
                for at in np.flatnonzero((rows >= least) & (past_rows >= _LEAST_PAST))
            ]
        return found

    def moved(self, now: Array, usual: Array) -> Iterator[tuple[str, _Rows, _Rows]]:
        """Yield the groups that seem to have moved alone, with their rows now and in the reference.

        Distances are those of the rows of each group in each bin of the values: a glance at each of many groups.
        """
        cuts = np.unique(np.quantile(_sorted(usual), np.linspace(0, 1, _BINS)))
        # The last bin is that of the nulls, and is not counted.
        size = len(cuts) + 2
        bins, usual_bins = (np.where(np.isfinite(each), cuts.searchsorted(each), size - 1) for each in (now, usual))
        every, usually = (np.bincount(each, minlength=size)[:-1] for each in (bins, usual_bins))
        for group, rows, past_rows in self._large:
            mine = np.bincount(bins[rows], minlength=size)[:-1]
            before = np.bincount(usual_bins[past_rows], minlength=size)[:-1]
            if _apart(mine, before) < LEAST_MOVE - _BINNED:
                continue
            rest = every - mine
            if _apart(rest, usually - before) <= _most_rest(int(rest.sum())):
                yield group, rows, past_rows


def converted_group(groups: Groups, name: str, maps: Iterable[Map]) -> ConvertedGroup | None:
    """Return the group of rows whose values of a column are all converted, while those of all others are as before.

    A group moves as far (Kolmogorov–Smirnov) as in no window of the reference, the other rows do not, and one of the
    known maps brings it back to where it was: as near as its rows can tell, or as its windows mostly are. Only factors
    of five and more count, and maps with an offset: one group may have become dearer. So many factors lie close
    together that some would fit any move; the rows must tell a factor from others near it.
    """
    if name not in groups.past or name not in groups.frame:
        return None
    now, usual = numbers(groups.frame[name])[0], numbers(groups.past[name])[0]
    if not np.isfinite(now).any() or not np.isfinite(usual).any():
        return None
    likely = [one for one in maps if one.offset or not 1 / _LEAST_FACTOR < abs(one.factor) < _LEAST_FACTOR]
    for group, rows, past_rows in groups.moved(now, usual):
        mine, before = _sorted(now[rows]), _sorted(usual[past_rows])
        rest, rest_before = _sorted(np.delete(now, rows)), _sorted(np.delete(usual, past_rows))
        if min(len(mine), len(rest)) < _LEAST_ROWS or len(np.unique(before)) < _LEAST_VALUES:
            continue
        moved, rest_moved = _distance(mine, before), _distance(rest, rest_before)
        if moved < LEAST_MOVE or rest_moved > _most_rest(len(rest)):
            continue
        left = [(_distance(_sorted(one.back(mine)), before), at) for at, one in enumerate(likely)]
        if min(left)[0] > _MOST_LEFT * moved:
            continue
        windows = list(_by_window(usual[past_rows], groups.windows[past_rows], before))
        upwards = bool(np.median(mine) > np.median(before))
        # A few rows lie somewhere else by chance: in one window of a thousand.
        if any(
            far >= min(max(_AS_FAR * moved, 1.95 / count**0.5), moved) for far, count, up in windows if up == upwards
        ):
            continue
        noise = 1.63 * (1.0 / len(mine) + 1.0 / len(before)) ** 0.5
        typical = float(np.quantile([far for far, _, _ in windows], _TYPICAL)) if windows else 0.0
        limit = min(max(noise, min(typical, _LEFT * moved)), _MOST_LEFT * moved)
        fits = [each for each in left if each[0] <= limit and _told_apart(likely[each[1]], mine, before, limit)]
        if fits:
            after, at = min(fits)
            return ConvertedGroup(group, len(mine) / len(now), likely[at], moved, after)
    return None


def _told_apart(one: Map, mine: Array, before: Array, limit: float) -> bool:
    """Return whether factors near that of a map would leave the group too far away."""
    if one.offset:
        # It has to fit in place and in width.
        return True
    by = _ROUND_FACTOR if one.is_round else _OTHER_FACTOR
    near = (replace(one, factor=one.factor * by), replace(one, factor=one.factor / by))
    return all(_distance(_sorted(each.back(mine)), before) > limit for each in near)


def _by_window(values: Array, windows: NDArray[np.intp], before: Array) -> Iterator[tuple[float, int, bool]]:
    """Yield how far a group lay from its usual place in each window of the reference, its rows, and whether above."""
    finite = np.isfinite(values)
    values, windows = values[finite], windows[finite]
    middle = np.median(before)
    first = 0
    for end in (*(np.flatnonzero(np.diff(windows)) + 1), len(values)):
        # Windows of few rows are joined to the next.
        if end - first >= _LEAST_IN_WINDOW:
            part = np.sort(values[first:end])
            yield _distance(part, before), len(part), bool(np.median(part) > middle)
            first = end


def _most_rest(rows: int) -> float:
    """Return how far the other rows may have moved."""
    return max(_REST, float(1.36 / max(rows, 1) ** 0.5))


def _apart(one: _Rows, other: _Rows) -> float:
    """Return how far two rows of counts are apart (Kolmogorov–Smirnov)."""
    upto = one.cumsum() / max(int(one.sum()), 1) - other.cumsum() / max(int(other.sum()), 1)
    return float(np.abs(upto).max())


def _sorted(values: Array) -> Array:
    return np.sort(values[np.isfinite(values)])


def _distance(one: Array, other: Array) -> float:
    points = np.concatenate([one, other])
    upto = (
        one.searchsorted(points, "right") / max(len(one), 1),
        other.searchsorted(points, "right") / max(len(other), 1),
    )
    return float(np.abs(upto[0] - upto[1]).max(initial=0.0))
