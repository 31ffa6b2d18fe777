"""Calendars: which windows of history are like the one in question, such as all Sundays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from airmedic_core.metrics import Array
from airmedic_core.verdicts.season import Level, Season, Turns, find_season
from airmedic_core.windows import Window

_HOUR, _DAY, _WEEK, _YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=7), timedelta(weeks=52)
_LEAST_LAPS = 2
"""Turns of its cycle that history must span before a calendar is tried."""
_TINY = 1e-9
"""Least spread that is divided by: entries that never differ say nothing of the clock."""
_CLOCKS = (-1, 0, 1)
"""Hours by which a clock may run ahead of that of history. The calendar's is UTC; people live by a local one."""
_CHANGES = 3.0
"""What a change of the clock costs, as a logarithm of likelihoods: as for a season, twenty to one."""
_MOST_Z = 3.0
"""No single entry says more about the clock, so that what has moved by itself does not set it."""
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """A way to sort windows into like ones, by the moment in their middle."""

    cycle: timedelta
    names: tuple[str, ...]
    """What windows of each phase are called, in the plural."""
    phase: Callable[[datetime], int]
    lap: Callable[[datetime], int]
    by_clock: bool = False
    """Whether it tells hours apart, which come earlier or later in UTC when local clocks change."""

    def turns(self, windows: Sequence[Window]) -> Turns | None:
        """Return which of the windows are alike; None where they do not span the cycle twice."""
        if max(window.end for window in windows) - min(window.start for window in windows) < _LEAST_LAPS * self.cycle:
            return None
        middles = [_middle(window) for window in windows]
        return Turns(np.array([*map(self.phase, middles)], np.intp), np.array([*map(self.lap, middles)], np.intp))


@dataclass(frozen=True)
class Like:
    """What a window is compared with, where history has a season."""

    name: str
    """What windows of its phase are called, in the plural."""
    level: Level
    season: Season
    past: Array | None = None
    """What the season adds to each window of history, shape (windows, entries), where clocks have changed."""

    def without(self, history: Array) -> Array:
        """Return history without the season."""
        return self.season.without(history, self.past)


@dataclass(frozen=True)
class Seasonal:
    """A season of history, and the calendar that it follows."""

    calendar: Calendar
    season: Season
    centre: Array
    """Mean of history."""
    spread: Array
    """Of history without the season, as a standard deviation."""

    def like(self, window: Window | None, clock: int = 0, past: Array | None = None) -> Like | None:
        """Return what a window is compared with; None where history does not hold its phase in two turns.

        Parameters
        ----------
        window : Window or None
            When the window was.
        clock : int
            By how many hours its clock runs ahead of history's.
        past : array, shape (windows, entries), optional
            What the season adds to each window of history, where clocks changed within it.
        """
        if window is None or not self.season.knows(own := self._phase(window)):
            return None
        near, share = self._near(window, clock)
        if not self.season.knows(near):
            near, share = own, 0.0
        level = self.season.level(own).mixed(self.season.level(near), share)
        return Like(self.calendar.names[near if share == 1.0 else own], level, self.season, past)

    def part(self, windows: Sequence[Window | None], clocks: Sequence[int] | NDArray[np.intp] | None = None) -> Array:
        """Return what the season adds to each window, shape (windows, entries); 0 where not known."""
        own = self.season.part(np.array([-1 if window is None else self._phase(window) for window in windows], np.intp))
        if clocks is None or not np.any(clocks):
            return own
        neighbours = [
            (-1, 0.0) if window is None else self._near(window, clock)
            for window, clock in zip(windows, clocks, strict=True)
        ]
        near = self.season.part(np.array([phase for phase, _ in neighbours], np.intp))
        part: Array = own + np.array([share for _, share in neighbours])[:, None] * (near - own)
        return part

    def clocks(self, windows: Sequence[Window | None], values: Array, columns: Sequence[str]) -> NDArray[np.intp]:
        """Return by how many hours the clock of each window runs ahead of history's: -1, 0 or 1.

        A change of daylight saving time moves what follows local time to another hour of UTC. The clock is that of all
        columns, and hardly ever changes: it is the likeliest course over the windows (Viterbi 1967), each change of
        which costs as much as it takes to believe in a season.

        Parameters
        ----------
        windows : sequence of Window
            Oldest first.
        values : array, shape (windows, entries)
            Their statistics.
        columns : sequence of str
            The column of each entry. The shares of many categories count as one column's two entries.
        """
        if not self.calendar.by_clock or not len(windows):
            return np.zeros(len(windows), np.intp)
        _, column, entries = np.unique(columns, return_inverse=True, return_counts=True)
        weights = np.minimum(2.0 / entries[column], 1.0)
        costs = np.zeros((len(windows), len(_CLOCKS)))
        for at, clock in enumerate(_CLOCKS):
            apart = values - self.centre - self.part(windows, [clock] * len(windows))
            scores = np.nan_to_num(np.clip(apart / self.spread, -_MOST_Z, _MOST_Z))
            costs[:, at] = scores**2 @ weights / 2.0
        return np.array(_CLOCKS, np.intp)[_likeliest_course(costs)]

    def _phase(self, window: Window) -> int:
        return self.calendar.phase(_middle(window))

    def _near(self, window: Window, clock: int) -> tuple[int, float]:
        """Return the phase on that side, and how much of the window an hour moves into it."""
        length = window.end - window.start
        return self.calendar.phase(_middle(window) + clock * length), _HOUR / length


def _likeliest_course(costs: Array) -> NDArray[np.intp]:
    """Return the cheapest choice for each window, where each change costs; the first from none, too."""
    changes = _CHANGES * (1.0 - np.eye(len(_CLOCKS)))
    total, came = np.full(len(_CLOCKS), np.inf), np.zeros(costs.shape, np.intp)
    total[_CLOCKS.index(0)] = 0.0
    for at, cost in enumerate(costs):
        ways = total[:, None] + changes
        came[at], total = ways.argmin(axis=0), ways.min(axis=0) + cost
    course = np.zeros(len(costs), np.intp)
    last = int(total.argmin())
    for at in range(len(costs) - 1, -1, -1):
        course[at] = last
        last = int(came[at, last])
    return course


def seasonal(
    history: Array, kinds: Sequence[NDArray[np.intp]], windows: Sequence[Window | None]
) -> Seasonal | None:  # fmt: skip
    """Find the season of history, if it spans one twice and follows it.

    Parameters
    ----------
    history : array, shape (windows, entries)
        Statistics of earlier windows.
    kinds : sequence of arrays of int
        Positions of the entries that lend each other what they know.
    windows : sequence of Window
        When the windows were; with an unknown one there is no season.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> first = datetime(2026, 1, 5, tzinfo=UTC)
    >>> days = [Window(first + at * _DAY, first + (at + 1) * _DAY) for at in range(42)]
    >>> weekend = np.array([day.start.weekday() >= 5 for day in days], dtype=float)
    >>> history = rng.normal(size=(42, 4)) + 5.0 * weekend[:, None]
    >>> found = seasonal(history, [np.arange(4)], days)
    >>> found.like(days[-1]).name
    'days of weekends'
    """
    known = [window for window in windows if window is not None]
    if not known or len(known) < len(windows) or not all(window.as_long_as(known[-1]) for window in known):
        return None
    sorted_by = [(calendar, turns) for calendar in calendars(known[-1]) if (turns := calendar.turns(known)) is not None]
    season = find_season(history, kinds, [turns for _, turns in sorted_by])
    if season is None:
        return None
    calendar = next(calendar for calendar, turns in sorted_by if turns is season.turns)
    left = season.without(history)
    windows_with = np.maximum(np.isfinite(left).sum(axis=0), 1)
    centre = np.nansum(left, axis=0) / windows_with
    spread = np.sqrt(np.nansum((left - centre) ** 2, axis=0) / windows_with)
    return Seasonal(calendar, season, centre, np.maximum(spread, _TINY))


def calendars(window: Window) -> tuple[Calendar, ...]:
    """Return the calendars for windows of this length: hours of a day, days of a week, weeks or months of a year.

    Neighbours are not lumped together, such as the months of a quarter: what wanders slowly would look like a season.
    Only the two days of a weekend are, and the hours of its days.

    Examples
    --------
    >>> day = Window(_MONDAY, _MONDAY + _DAY)
    >>> [calendar.names[calendar.phase(_MONDAY)] for calendar in calendars(day)]
    ['days from Monday to Friday', 'Mondays']
    """
    length = window.end - window.start
    if length < _DAY and not _DAY % length:
        return (_hours(length), _hours_of_weekends(length))
    if length == _DAY:
        weekends = ("days from Monday to Friday", "days of weekends")
        return (
            Calendar(_WEEK, weekends, lambda at: int(at.weekday() >= 5), _week),
            Calendar(_WEEK, _WEEKDAYS, datetime.weekday, _week),
        )
    if length == _WEEK:
        names = tuple(f"weeks with the number {number}" for number in range(1, 54))
        return (Calendar(_YEAR, names, lambda at: at.isocalendar().week - 1, lambda at: at.isocalendar().year),)
    if timedelta(days=28) <= length <= timedelta(days=31):
        names = tuple(f"months of {month}" for month in _MONTHS)
        return (Calendar(_YEAR, names, lambda at: at.month - 1, lambda at: at.year),)
    return ()


def _hours(length: timedelta) -> Calendar:
    names = tuple(f"windows from {_clock(length * at)}" for at in range(_DAY // length))
    return Calendar(_DAY, names, lambda at: _since_midnight(at) // length, datetime.toordinal, by_clock=True)


def _hours_of_weekends(length: timedelta) -> Calendar:
    windows_of_a_day = _DAY // length
    names = tuple(
        f"windows from {_clock(length * at)} {when}"
        for when in ("from Monday to Friday", "on weekends")
        for at in range(windows_of_a_day)
    )

    def phase(at: datetime) -> int:
        return windows_of_a_day * int(at.weekday() >= 5) + _since_midnight(at) // length

    return Calendar(_WEEK, names, phase, _week, by_clock=True)


def _middle(window: Window) -> datetime:
    return window.start + (window.end - window.start) / 2


def _week(at: datetime) -> int:
    return (at - _MONDAY) // _WEEK


def _since_midnight(at: datetime) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _clock(since_midnight: timedelta) -> str:
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02} UTC"
