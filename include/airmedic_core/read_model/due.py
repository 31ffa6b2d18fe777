"""Says whether a model has gone silent: its schedule should have brought a check, and there was none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from airmedic_core.spec import ModelSpec

_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Says what Airflow's presets stand for. ``@once`` and ``@continuous`` are no times."""
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NAMES = {name: number for names, first in ((_MONTHS, 1), (_WEEKDAYS, 0)) for number, name in enumerate(names, first)}
_LONGEST_DAYS = 1500
"""Days that are looked back for a schedule's last run: a 29 February lies up to four years behind."""


def is_silent(spec: ModelSpec, *, checked_at: datetime, window_end: datetime, now: datetime) -> bool:
    """Return whether the last check of a model is older than its schedule allows.

    The schedule's last run that is at least one window ago should have looked at the window that was complete then.
    A model is silent if no check has run since, and that window has not been looked at. Schedules that wait for an
    asset, and cron with more than the usual five fields, have no expected time: such a model is never silent.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    checked_at : datetime
        When it was last checked.
    window_end : datetime
        The end of the newest window that was checked.
    now : datetime
        The moment.
    """
    step = spec.window.step
    before = step.shift(now, -1)
    run = step.floor(before) if spec.schedule is None else last_run(spec.schedule, before)
    return run is not None and checked_at < run and window_end < step.last_complete(run).end


def last_run(schedule: str, before: datetime) -> datetime | None:
    """Return when a schedule last came, at a moment or before it; nothing where that cannot be said.

    Parameters
    ----------
    schedule : str
        Cron with five fields, or a preset such as ``@daily``, in UTC.
    before : datetime
        The moment.

    Examples
    --------
    >>> last_run("30 6 * * mon-fri", datetime(2026, 2, 1, tzinfo=UTC)).isoformat()  # a Sunday
    '2026-01-30T06:30:00+00:00'
    """
    fields = _PRESETS.get(schedule, schedule).lower().split()
    if len(fields) != len(_BOUNDS):
        return None
    try:
        minutes, hours, days, months, weekdays = (
            _values(field, *bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)
        )
    except ValueError:
        return None
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    for day in _days_back(before):
        on_day, on_weekday = day.day in days, day.isoweekday() % 7 in {number % 7 for number in weekdays}
        # Cron takes either of the two where both are limited.
        if day.month not in months or not ((on_day or on_weekday) if either else (on_day and on_weekday)):
            continue
        times = (day.replace(hour=hour, minute=minute) for hour in hours for minute in minutes)
        if past := [time for time in times if time <= before]:
            return max(past)
    return None


def _days_back(moment: datetime) -> Iterator[datetime]:
    today = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today - timedelta(days=number) for number in range(_LONGEST_DAYS))


def _values(field: str, least: int, most: int) -> frozenset[int]:
    """Return the numbers that a field of cron stands for, or raise ``ValueError`` where it holds something else."""
    for name, number in _NAMES.items():
        field = re.sub(rf"\b{name}\b", str(number), field)
    values: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span in {"*", "?"}:
            start, end = least, most
        else:
            start = int(first)
            end = int(last) if last else (most if step else start)
        values |= set(range(start, end + 1, int(step or 1)))
    return frozenset(values)
