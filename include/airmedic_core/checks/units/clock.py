"""Columns that tell the hour of a row: a clock of another time zone is another unit of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.checks.units.options import LIMITS
from airmedic_core.profile.values import numbers
from airmedic_core.reading.moments import in_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.metrics import Array

_HOURS = 24
_SUMMER_TIME = 1
"""Hours that a clock may move by itself."""


def hours_ahead(
    past: pd.DataFrame, now: pd.DataFrame, name: str, time: str, least_share: float
) -> tuple[int, float] | None:
    """Return by how many hours a column that told the hour of the time column has moved, and in what share of rows.

    None where the column never told the hour, or does as before, summer time aside, or tells nothing any more.

    Parameters
    ----------
    past, now : DataFrame
        Rows of the reference and of the window.
    name : str
        The column.
    time : str
        The column of times, in UTC.
    least_share : float
        Share of the rows from which a move counts.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=480, freq="h", tz="UTC")})
    >>> rows["hour"] = rows["at"].dt.hour
    >>> hours_ahead(rows, rows.assign(hour=(rows["hour"] + 9) % 24), "hour", "at", 0.05)
    (9, 1.0)
    """
    past_offsets, offsets = _offsets(past, name, time), _offsets(now, name, time)
    if len(past_offsets) < LIMITS.clock_rows or len(offsets) < LIMITS.clock_rows:
        return None
    known = np.bincount(past_offsets, minlength=_HOURS) / len(past_offsets)
    zone = int(known.argmax())
    away = _turn(np.arange(_HOURS) - zone)
    # All hours of one zone differ from the clock by the same number, before and after summer time.
    if known[np.abs(away) <= _SUMMER_TIME].sum() < LIMITS.clock_always:
        return None
    usual_offsets = np.flatnonzero(known >= LIMITS.clock_usual)
    moved = offsets[np.abs(_turn(offsets[:, None] - usual_offsets)).min(axis=1) > _SUMMER_TIME]
    if len(moved) < max(LIMITS.clock_rows, max(least_share, LIMITS.clock_share) * len(offsets)):
        return None
    counts = np.bincount(moved, minlength=_HOURS)
    best = int(counts.argmax())
    # As many hours lie side by side in another zone as in ours.
    beside = np.abs(_turn(np.arange(_HOURS) - best)) < len(usual_offsets)
    if counts[beside].sum() < LIMITS.clock_always * len(moved):
        return None
    return int(_turn(np.array([best - zone]))[0]), len(moved) / len(offsets)


def _offsets(frame: pd.DataFrame, name: str, time: str) -> np.ndarray:
    """Return how many hours each row's value is ahead of its time, from 0 to 23; empty where it tells no hour."""
    if name not in frame or time not in frame:
        return np.empty(0, dtype=np.intp)
    values: Array = numbers(frame[name])[0]
    finite = values[np.isfinite(values)]
    if not len(finite) or finite.min() < 0 or finite.max() > _HOURS or bool((finite != np.floor(finite)).any()):
        return np.empty(0, dtype=np.intp)
    hours = in_utc(frame[time]).dt.hour.to_numpy(dtype=float)
    known = np.isfinite(values) & np.isfinite(hours)
    values, hours = values[known], hours[known]
    # A column of one value tells no hour, nor does one that is read once a day.
    if len(np.unique(values)) < 3 or len(np.unique(hours)) < 3:
        return np.empty(0, dtype=np.intp)
    return np.asarray((values - hours) % _HOURS, dtype=np.intp)


def _turn(hours: np.ndarray) -> np.ndarray:
    return (hours + _HOURS // 2) % _HOURS - _HOURS // 2
