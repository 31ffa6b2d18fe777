"""Counters, such as hours of operation: each new window lies beyond all before, in the unit that it always had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.checks.units.options import LIMITS
from airmedic_core.profile.values import numbers
from airmedic_core.reading.moments import in_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.metrics import Array


def goes_on_counting(past: pd.DataFrame, now: pd.DataFrame, name: str, time: str) -> bool:
    """Return whether a column follows from its time in the reference, and goes on in the same way.

    In another unit it would not: hours that are counted in minutes lie sixty times as far.

    Parameters
    ----------
    past, now : pandas.DataFrame
        Rows of the reference, and of the window.
    name, time : str
        The column of numbers, and the column of the time.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.Series(pd.date_range("2026-01-01", periods=500, freq="h"))
    >>> rows = pd.DataFrame({"at": times, "hours": np.arange(500) * 0.6 + 40})
    >>> goes_on_counting(rows[:400], rows[400:], "hours", "at")
    True
    >>> in_minutes = rows[400:].assign(hours=rows["hours"] * 60)
    >>> goes_on_counting(rows[:400], in_minutes, "hours", "at")
    False
    """
    if any(column not in rows for column in (name, time) for rows in (past, now)):
        return False
    (before, earlier), (values, later) = (_timed(rows, name, time) for rows in (past, now))
    if len(before) < LIMITS.clock_rows or not len(values) or not np.ptp(earlier) or not np.ptp(before):
        return False
    if abs(float(np.corrcoef(before, earlier)[0, 1])) < LIMITS.counts:
        return False
    rate = float(np.polyfit(earlier - earlier.mean(), before, 1)[0])
    at_end = float(before.mean() + rate * (earlier.max() - earlier.mean()))
    middle = float(np.median(later))
    expected = float(before.mean() + rate * (middle - earlier.mean()))
    away = abs(float(np.median(values)) - expected)
    return bool(away <= max(LIMITS.counts_on * abs(expected - at_end), (1.0 - LIMITS.counts) * float(np.ptp(before))))


def _timed(rows: pd.DataFrame, name: str, time: str) -> tuple[Array, Array]:
    """Return the known values of a column, and the seconds of their times."""
    import pandas as pd

    values = numbers(rows[name])[0]
    since_1970 = in_utc(rows[time]) - pd.Timestamp(0, tz="UTC")
    seconds: Array = np.asarray(since_1970.dt.total_seconds(), dtype=np.float64)
    known = np.isfinite(values) & np.isfinite(seconds)
    return values[known], seconds[known]
