"""Calendars: which windows of history are like the one in question, such as all Sundays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from airmedic_core.verdicts.season import Turns
from airmedic_core.windows import Window

DAY, _WEEK, _YEAR = timedelta(days=1), timedelta(days=7), timedelta(weeks=52)
_LEAST_LAPS = 2
"""Turns of its cycle that history must span before a calendar is tried."""
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
    """Says what windows of each phase are called, in the plural."""
    phase: Callable[[datetime], int]
    lap: Callable[[datetime], int]
    by_clock: bool = False
    """Says whether it tells hours apart, which come earlier or later in UTC when local clocks change."""

    def turns(self, windows: Sequence[Window]) -> Turns | None:
        """Return which of the windows are alike; None where they do not span the cycle twice."""
        if max(window.end for window in windows) - min(window.start for window in windows) < _LEAST_LAPS * self.cycle:
            return None
        middles = [middle_of(window) for window in windows]
        return Turns(np.array([*map(self.phase, middles)], np.intp), np.array([*map(self.lap, middles)], np.intp))


def calendars(window: Window) -> tuple[Calendar, ...]:
    """Return the calendars for windows of this length: hours of a day, days of a week, weeks or months of a year.

    Neighbours are not lumped together, such as the months of a quarter: what wanders slowly would look like a season.
    Only the two days of a weekend are, and the hours of its days.

    Examples
    --------
    >>> day = Window(_MONDAY, _MONDAY + DAY)
    >>> [calendar.names[calendar.phase(_MONDAY)] for calendar in calendars(day)]
    ['days from Monday to Friday', 'Mondays']
    """
    length = window.end - window.start
    if length < DAY and not DAY % length:
        return (_hours(length), _hours_of_weekends(length))
    if length == DAY:
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
    names = tuple(f"windows from {_clock(length * at)}" for at in range(DAY // length))
    return Calendar(DAY, names, lambda at: _since_midnight(at) // length, datetime.toordinal, by_clock=True)


def _hours_of_weekends(length: timedelta) -> Calendar:
    windows_of_a_day = DAY // length
    names = tuple(
        f"windows from {_clock(length * at)} {when}"
        for when in ("from Monday to Friday", "on weekends")
        for at in range(windows_of_a_day)
    )

    def phase(at: datetime) -> int:
        return windows_of_a_day * int(at.weekday() >= 5) + _since_midnight(at) // length

    return Calendar(_WEEK, names, phase, _week, by_clock=True)


def middle_of(window: Window) -> datetime:
    """Return the moment in the middle of a window, by which it is sorted."""
    return window.start + (window.end - window.start) / 2


def _week(at: datetime) -> int:
    return (at - _MONDAY) // _WEEK


def _since_midnight(at: datetime) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _clock(since_midnight: timedelta) -> str:
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02} UTC"
