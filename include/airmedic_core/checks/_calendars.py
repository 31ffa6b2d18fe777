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

_DAY, _WEEK, _YEAR = timedelta(days=1), timedelta(days=7), timedelta(weeks=52)
_LEAST_LAPS = 2
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

    def turns(self, windows: Sequence[Window]) -> Turns | None:
        """Return which of the windows are alike; None where they do not span the cycle twice."""
        if max(one.end for one in windows) - min(one.start for one in windows) < _LEAST_LAPS * self.cycle:
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


@dataclass(frozen=True)
class Seasonal:
    """A season of history, and the calendar that it follows."""

    calendar: Calendar
    season: Season

    def like(self, window: Window | None) -> Like | None:
        """Return what a window is compared with; None where history does not hold its phase in two turns."""
        phase = -1 if window is None else self.calendar.phase(_middle(window))
        if not self.season.knows(phase):
            return None
        return Like(self.calendar.names[phase], self.season.level(phase), self.season)

    def part(self, windows: Sequence[Window | None]) -> Array:
        """Return what the season adds to each window, shape (windows, entries); 0 where not known."""
        phases = [-1 if window is None else self.calendar.phase(_middle(window)) for window in windows]
        return self.season.part(np.array(phases, np.intp))


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
    """
    known = [window for window in windows if window is not None]
    if not known or len(known) < len(windows) or not all(one.as_long_as(known[-1]) for one in known):
        return None
    sorted_by = [(each, turns) for each in calendars(known[-1]) if (turns := each.turns(known)) is not None]
    season = find_season(history, kinds, [turns for _, turns in sorted_by])
    return next((Seasonal(each, season) for each, turns in sorted_by if season and turns is season.turns), None)


def calendars(window: Window) -> tuple[Calendar, ...]:
    """Return the calendars for windows of this length: hours of a day, days of a week, weeks or months of a year.

    Neighbours are not lumped together, such as the months of a quarter: what wanders slowly would look like a season.
    Only the two days of a weekend are, and the hours of its days.
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
        names = tuple(f"weeks with the number {one}" for one in range(1, 54))
        return (Calendar(_YEAR, names, lambda at: at.isocalendar().week - 1, lambda at: at.isocalendar().year),)
    if timedelta(days=28) <= length <= timedelta(days=31):
        names = tuple(f"months of {month}" for month in _MONTHS)
        return (Calendar(_YEAR, names, lambda at: at.month - 1, lambda at: at.year),)
    return ()


def _hours(length: timedelta) -> Calendar:
    names = tuple(f"windows from {_clock(length * one)}" for one in range(_DAY // length))
    return Calendar(_DAY, names, lambda at: _since_midnight(at) // length, datetime.toordinal)


def _hours_of_weekends(length: timedelta) -> Calendar:
    each = _DAY // length
    names = tuple(
        f"windows from {_clock(length * one)} {when}"
        for when in ("from Monday to Friday", "on weekends")
        for one in range(each)
    )
    return Calendar(_WEEK, names, lambda at: each * int(at.weekday() >= 5) + _since_midnight(at) // length, _week)


def _middle(window: Window) -> datetime:
    return window.start + (window.end - window.start) / 2


def _week(at: datetime) -> int:
    return (at - _MONDAY) // _WEEK


def _since_midnight(at: datetime) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _clock(since_midnight: timedelta) -> str:
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02} UTC"
