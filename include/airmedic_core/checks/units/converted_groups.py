"""Groups of rows in another unit: one country's amounts in pence, where all other rows are as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.units.options import LIMITS
from airmedic_core.comparison.rows import sample
from airmedic_core.metrics import Array
from airmedic_core.profile.values import category_codes, numbers
from airmedic_core.reading.moments import in_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.comparison import CheckContext

_Rows = NDArray[np.intp]


class ConvertedGroup(NamedTuple):
    """The rows of one category that a map converted."""

    group: str
    """``column=category``."""
    share: float
    """Its share of the rows of the window."""
    conversion: Map
    """Says what was done to them."""
    before: float
    """Distance to the group's reference (Kolmogorov–Smirnov), as the values are."""
    after: float
    """The same once they are brought back."""


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
        return sample(self._context.frame)

    @cached_property
    def windows(self) -> NDArray[np.intp]:
        """The window of each row of the reference, or the part of it where it was not split."""
        import pandas as pd

        known = self._context.reference.windows
        name = self._context.spec.data.time_column
        if len(known) < 2 or name not in self.past:
            return np.arange(len(self.past)) * LIMITS.parts // max(len(self.past), 1)
        times = pd.DatetimeIndex(in_utc(self.past[name]))
        starts = pd.DatetimeIndex([window.window.start for window in known])
        return np.asarray(starts.searchsorted(times, side="right"), dtype=np.intp)

    @cached_property
    def _large(self) -> list[tuple[str, _Rows, _Rows]]:
        """Each group that is large enough, with its rows now and in the reference."""
        large = []
        least = max(LIMITS.group_rows, self.least_share * len(self.frame))
        for column, known in self._context.profile.edges.categorical.items():
            if column not in self.past or column not in self.frame or column in self._context.profile.missing:
                continue
            names = known.top[: LIMITS.groups]
            codes, past = (category_codes(frame[column], names) for frame in (self.frame, self.past))
            rows, past_rows = (np.bincount(code[code >= 0], minlength=len(names)) for code in (codes, past))
            large += [
                (f"{column}={names[code]}", np.flatnonzero(codes == code), np.flatnonzero(past == code))
                for code in np.flatnonzero((rows >= least) & (past_rows >= LIMITS.group_past_rows))
            ]
        return large

    def moved(self, now: Array, usual: Array) -> Iterator[tuple[str, _Rows, _Rows]]:
        """Yield the groups that seem to have moved alone, with their rows now and in the reference.

        Distances are those of the rows of each group in each bin of the values: a glance at each of many groups.
        """
        cuts = np.unique(np.quantile(_sorted(usual), np.linspace(0, 1, LIMITS.group_bins)))
        # The last bin is that of the nulls, and is not counted.
        size = len(cuts) + 2
        bins, usual_bins = (
            np.where(np.isfinite(values), cuts.searchsorted(values), size - 1) for values in (now, usual)
        )
        all_rows, usual_rows = (np.bincount(binned, minlength=size)[:-1] for binned in (bins, usual_bins))
        for group, rows, past_rows in self._large:
            inside = np.bincount(bins[rows], minlength=size)[:-1]
            before = np.bincount(usual_bins[past_rows], minlength=size)[:-1]
            moved, rest = _apart(inside, before), all_rows - inside
            if moved < LIMITS.group_move - LIMITS.binned:
                continue
            if _apart(rest, usual_rows - before) <= _most_rest(int(rest.sum()), moved) + LIMITS.binned:
                yield group, rows, past_rows

    def moved_as_a_whole(self, name: str, rows: _Rows, past_rows: _Rows, conversion: Map) -> bool:
        """Say whether other columns of a group have moved too, and not by the same conversion: it has another season.

        Parameters
        ----------
        name : str
            The column that looks converted.
        rows, past_rows : array
            The places of the group's rows, in the window and in the reference.
        conversion : Map
            What seems to have been done to the column.
        """
        moved, watched = 0, 0
        for other in self._context.profile.edges.numeric:
            if other == name or other not in self.frame or other not in self.past:
                continue
            inside, before = (
                _sorted(numbers(frame[other])[0][chosen])
                for frame, chosen in ((self.frame, rows), (self.past, past_rows))
            )
            if min(len(inside), len(before)) < LIMITS.group_rows:
                continue
            watched += 1
            distance = _distance(inside, before)
            if distance > max(LIMITS.rest, LIMITS.ks_1_percent / len(inside) ** 0.5):
                moved += _distance(_sorted(conversion.back(inside)), before) > LIMITS.left * distance
        return moved > LIMITS.company * watched


def converted_group(groups: Groups, name: str, maps: Iterable[Map]) -> ConvertedGroup | None:
    """Return the group of rows whose values of a column are all converted, while those of all others are as before.

    A group moves as far (Kolmogorov–Smirnov) as in no window of the reference, the other rows do not, and one of the
    known maps brings it back to where it was: as near as its rows can tell, or as its windows mostly are, or as the
    other rows are to their place. Only factors of five and more count, and maps with an offset: one group may have
    become dearer. So many factors lie close together that some would fit any move; the rows must tell a factor from
    others near it.

    Parameters
    ----------
    groups : Groups
        The rows of each group.
    name : str
        A column of numbers.
    maps : iterable of Map
        The conversions to try.

    Examples
    --------
    >>> from airmedic_core.checks.units.conversions import known_maps
    >>> from airmedic_core.simulate.example import example_context
    >>> def phones_in_cents(day):
    ...     return day.assign(amount=day["amount"].where(day["channel"] != "phone", day["amount"] * 100))
    >>> context = example_context(phones_in_cents)
    >>> groups = Groups(context, context.reference_rows, 0.05)
    >>> group = converted_group(groups, "amount", known_maps())
    >>> group.group, group.conversion.factor
    ('channel=phone', 100.0)
    """
    if name not in groups.past or name not in groups.frame:
        return None
    now, usual = numbers(groups.frame[name])[0], numbers(groups.past[name])[0]
    if not np.isfinite(now).any() or not np.isfinite(usual).any():
        return None
    large = LIMITS.group_factor
    likely = [conversion for conversion in maps if conversion.offset or not 1 / large < abs(conversion.factor) < large]
    for group, rows, past_rows in groups.moved(now, usual):
        inside, before = _sorted(now[rows]), _sorted(usual[past_rows])
        rest, rest_before = _sorted(np.delete(now, rows)), _sorted(np.delete(usual, past_rows))
        if min(len(inside), len(rest)) < LIMITS.group_rows or len(np.unique(before)) < LIMITS.group_values:
            continue
        moved, rest_moved = _distance(inside, before), _distance(rest, rest_before)
        if moved < LIMITS.group_move or rest_moved > _most_rest(len(rest), moved):
            continue
        left = [
            (_distance(_sorted(conversion.back(inside)), before), position)
            for position, conversion in enumerate(likely)
        ]
        if min(left)[0] > LIMITS.most_left * moved:
            continue
        windows = list(_by_window(usual[past_rows], groups.windows[past_rows], before))
        upwards = bool(np.median(inside) > np.median(before))
        # A few rows lie somewhere else by chance: in one window of a thousand.
        if any(
            far >= min(max(LIMITS.as_far * moved, LIMITS.ks_1_per_mille / count**0.5), moved)
            for far, count, up in windows
            if up == upwards
        ):
            continue
        noise = LIMITS.ks_1_percent * (1.0 / len(inside) + 1.0 / len(before)) ** 0.5
        typical = float(np.quantile([far for far, _, _ in windows], LIMITS.typical)) if windows else 0.0
        # What moved all other rows, such as a season, has moved the group as well.
        along = LIMITS.usual_slack * rest_moved if rest_moved > _most_rest(len(rest)) else 0.0
        limit = min(max(noise, min(typical, LIMITS.left * moved), along), LIMITS.most_left * moved)
        fits = [
            (distance, position)
            for distance, position in left
            if distance <= limit and _told_apart(likely[position], inside, before, limit)
        ]
        if fits:
            after, position = min(fits)
            if likely[position].offset and groups.moved_as_a_whole(name, rows, past_rows, likely[position]):
                continue
            return ConvertedGroup(group, len(inside) / len(now), likely[position], moved, after)
    return None


def _told_apart(conversion: Map, inside: Array, before: Array, limit: float) -> bool:
    """Return whether factors near that of a map would leave the group too far away."""
    if conversion.offset:
        # It has to fit in place and in width, and no scale of temperatures leaves the values where they were.
        low, high = np.quantile(before, [LIMITS.group_tail, 1.0 - LIMITS.group_tail])
        return float(np.mean((inside < low) | (inside > high))) >= LIMITS.at_least_half
    by = LIMITS.round_factor if conversion.is_round else LIMITS.other_factor
    near = (conversion.factor * by, conversion.factor / by)
    return all(_distance(_sorted(replace(conversion, factor=factor).back(inside)), before) > limit for factor in near)


def _by_window(values: Array, windows: NDArray[np.intp], before: Array) -> Iterator[tuple[float, int, bool]]:
    """Yield how far a group lay from its usual place in each window of the reference, its rows, and whether above."""
    finite = np.isfinite(values)
    values, windows = values[finite], windows[finite]
    middle = np.median(before)
    first = 0
    for end in (*(np.flatnonzero(np.diff(windows)) + 1), len(values)):
        # Windows of few rows are joined to the next.
        if end - first >= LIMITS.group_window_rows:
            part = np.sort(values[first:end])
            yield _distance(part, before), len(part), bool(np.median(part) > middle)
            first = end


def _most_rest(rows: int, moved: float = 0.0) -> float:
    """Return how far the other rows may have moved, beside a group that moved so far."""
    return max(LIMITS.rest, float(LIMITS.ks_5_percent / max(rows, 1) ** 0.5), LIMITS.rest_of_move * moved)


def _apart(first: _Rows, second: _Rows) -> float:
    """Return how far two rows of counts are apart (Kolmogorov–Smirnov)."""
    difference = first.cumsum() / max(int(first.sum()), 1) - second.cumsum() / max(int(second.sum()), 1)
    return float(np.abs(difference).max())


def _sorted(values: Array) -> Array:
    return np.sort(values[np.isfinite(values)])


def _distance(first: Array, second: Array) -> float:
    """Return how far two sorted samples are apart (Kolmogorov–Smirnov)."""
    points = np.concatenate([first, second])
    upto_first, upto_second = (sample.searchsorted(points, "right") / max(len(sample), 1) for sample in (first, second))
    return float(np.abs(upto_first - upto_second).max(initial=0.0))
