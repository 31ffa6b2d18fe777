"""Time windows: the unit in which production is watched."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from airmedic_core.errors import SpecError

_UNITS = {"hour": "hour", "h": "hour", "day": "day", "d": "day", "week": "week", "w": "week", "month": "month"}
_HOURS = {"hour": 1, "day": 24, "week": 168, "month": 744}
"""The most that a unit lasts."""
_PATTERN = re.compile(r"\s*(\d+)?\s*([a-z]+?)s?\s*")
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=36_525)
"""Longest step: a hundred years. Longer ones reach beyond the calendar."""
_SHORTEST = 0.85
"""February against a month of 31 days is 0.90."""


def as_utc(moment: datetime | str) -> datetime:
    """Return a moment in UTC; a naive one is taken to be UTC already.

    Raises
    ------
    SpecError
        If a string is not an ISO 8601 date or time, or the moment lies beyond the years 1 to 9999 in UTC.
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError as error:
            raise SpecError(
                f"{moment!r} is not a date or time.", "Write it as 2026-01-31 or 2026-01-31T06:00."
            ) from error
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise SpecError(
            f"{moment.isoformat()!r} lies beyond the calendar in UTC.", "Write a time between the years 1 and 9999."
        ) from error


@dataclass(frozen=True, order=True)
class Window:
    """A half-open interval of event time, ``start <= t < end``, in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.start))
        object.__setattr__(self, "end", as_utc(self.end))
        if self.start >= self.end:
            raise SpecError(f"The window {self.start} … {self.end} is empty.", "Its start must lie before its end.")

    @property
    def key(self) -> str:
        """A name for the window that sorts by time and is safe in file names and run ids."""
        return f"{self.start:%Y%m%dT%H%M}_{self.end:%Y%m%dT%H%M}"

    @classmethod
    def from_key(cls, key: str) -> Self:
        """Return the window of a key.

        Raises
        ------
        SpecError
            If it is not a window's key.
        """
        try:
            start, end = (datetime.strptime(part, "%Y%m%dT%H%M").replace(tzinfo=UTC) for part in key.split("_"))
        except ValueError as error:
            raise SpecError(
                f"{key!r} is not the key of a window.", "It looks like 20260101T0000_20260201T0000."
            ) from error
        return cls(start, end)

    def as_long_as(self, other: Window) -> bool:
        """Return whether two windows are of one length; months differ a little."""
        ratio = (self.end - self.start) / (other.end - other.start)
        return _SHORTEST <= ratio <= 1 / _SHORTEST

    def __str__(self) -> str:
        if (self.start - _EPOCH) % timedelta(days=1) or (self.end - _EPOCH) % timedelta(days=1):
            return f"{self.start:%Y-%m-%d %H:%M} … {self.end:%Y-%m-%d %H:%M}"
        last = self.end - timedelta(days=1)
        return f"{self.start:%Y-%m-%d}" if last == self.start else f"{self.start:%Y-%m-%d} … {last:%Y-%m-%d}"


@dataclass(frozen=True)
class Every:
    """A calendar step such as one month or six hours, aligned to UTC."""

    count: int
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``month``, ``2 weeks``, ``day``, ``6h``.

        Raises
        ------
        SpecError
            If the text is not a positive number of hours, days, weeks or months, or is longer than a hundred years.
        """
        match = _PATTERN.fullmatch(text.lower())
        unit = _UNITS.get(match[2]) if match else None
        count = int(match[1] or 1) if match else 0
        if match is None or unit is None or not count:
            raise SpecError(f"{text!r} is not a step in time.", "Write 'hour', '6 hours', 'day', 'week' or 'month'.")
        if count > _LONGEST // timedelta(hours=_HOURS[unit]):
            raise SpecError(f"{text!r} is longer than a hundred years.", "Write a shorter step.")
        return cls(count, unit)

    def floor(self, moment: datetime) -> datetime:
        """Return the latest boundary at or before a moment."""
        moment = as_utc(moment)
        if self.unit == "month":
            months = (moment.year * 12 + moment.month - 1) // self.count * self.count
            return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
        anchor = _MONDAY if self.unit == "week" else _EPOCH
        return anchor + (moment - anchor) // self._step * self._step

    def shift(self, moment: datetime, steps: int) -> datetime:
        """Return a moment moved by a number of steps, back if negative.

        A month after the 31st comes the last day of a shorter month.

        >>> Every(1, "month").shift(datetime(2026, 1, 31, tzinfo=UTC), 1).date().isoformat()
        '2026-02-28'
        """
        moment = as_utc(moment)
        if self.unit == "month":
            months = moment.year * 12 + moment.month - 1 + steps * self.count
            year, month = months // 12, months % 12 + 1
            return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
        return moment + steps * self._step

    def ordinal(self, moment: datetime) -> int:
        """Return the number of the step that a moment lies in, counted from 1970: the next step has the next number."""
        start = self.floor(moment)
        if self.unit == "month":
            return ((start.year - _EPOCH.year) * 12 + start.month - _EPOCH.month) // self.count
        return (start - (_MONDAY if self.unit == "week" else _EPOCH)) // self._step

    def last_complete(self, moment: datetime) -> Window:
        """Return the latest window that ends at or before a moment."""
        end = self.floor(moment)
        return Window(self.shift(end, -1), end)

    def split(self, window: Window) -> list[Window]:
        """Return the whole windows of this step inside a longer window, oldest first."""
        start = self.floor(window.start)
        if start < window.start:
            start = self.shift(start, 1)
        windows = []
        while (end := self.shift(start, 1)) <= window.end:
            windows.append(Window(start, end))
            start = end
        return windows

    @property
    def _step(self) -> timedelta:
        return timedelta(hours=self.count * _HOURS[self.unit])

    def __str__(self) -> str:
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"
