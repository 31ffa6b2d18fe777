"""Seasons of history: which calendar it follows, and what a window is then compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from airmedic_core.measures.calendars import Calendar, calendars, middle_of
from airmedic_core.metrics import Array
from airmedic_core.verdicts.season import Level, Season, find_season
from airmedic_core.windows import Window

_HOUR = timedelta(hours=1)
_TINY = 1e-9
"""Least spread that is divided by: entries that never differ say nothing of the clock."""
_CLOCKS = (-1, 0, 1)
"""Hours by which a clock may run ahead of that of history. The calendar's is UTC; people live by a local one."""
_CHANGES = 3.0
"""States what a change of the clock costs, as a logarithm of likelihoods: as for a season, twenty to one."""
_MOST_Z = 3.0
"""Standard deviations beyond which no entry counts for the clock: a column that moved by itself must not set it."""


@dataclass(frozen=True)
class Like:
    """Holds what a window is compared with, where history has a season."""

    name: str
    """Says what windows of its phase are called, in the plural."""
    level: Level
    season: Season
    past: Array | None = None
    """Says what the season adds to each window of history, shape (windows, entries), where clocks have changed."""

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
    """The standard deviation of history without the season."""

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
        return self.calendar.phase(middle_of(window))

    def _near(self, window: Window, clock: int) -> tuple[int, float]:
        """Return the phase on that side, and how much of the window an hour moves into it."""
        length = window.end - window.start
        return self.calendar.phase(middle_of(window) + clock * length), _HOUR / length


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
    >>> from datetime import UTC, datetime
    >>> from airmedic_core.measures.calendars import DAY
    >>> rng = np.random.default_rng(0)
    >>> first = datetime(2026, 1, 5, tzinfo=UTC)
    >>> days = [Window(first + at * DAY, first + (at + 1) * DAY) for at in range(42)]
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
