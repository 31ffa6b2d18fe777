"""Says how many rows to expect where one reference is all that is known: by delivery, or by the steps of its clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.reading.moments import in_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext

_DAY = 86_400.0


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set."""

    rows_at_a_time: int = 10
    """Rows on average that share one time before the time is that of a delivery."""
    days_between: float = 2.0
    """Least days between two deliveries. Of rows that carry the day only, windows of days are compared as they are."""
    lowest_fraction: float = 0.1
    """Of the rows of the only delivery before: one says little of how much deliveries differ, so less than a tenth."""
    highest_fraction: float = 10.0
    """The same for more rows."""
    times: int = 48
    """Times of a clock, two days of hours, of which the reference must hold as many, and the rows in question could."""
    parts: int = 4
    """Parts of the reference, of which the emptiest says how many steps of the clock are usually there."""
    regular_fraction: float = 0.8
    """Of the steps of a clock that each of these parts must hold."""
    steps_left: float = 0.75
    """Of the usual steps: fewer are a loss, where those that are gone lie together."""
    in_a_row: float = 0.25
    """Says how far beyond chance, towards certainty, a step must follow the one before it: gaps of an outage lie
    together."""


LIMITS = Limits()


def deliveries(context: CheckContext) -> tuple[list[float], int] | None:
    """Return the rows of each delivery of the reference, oldest first, and how many deliveries are in question.

    None where rows have times of their own, or where the two overlap.
    """
    times, now = _seconds(context)
    if not times.size or not now.size or now.min() <= times.max():
        return None
    moments, rows = np.unique(times, return_counts=True)
    current = np.unique(now).size
    if times.size < LIMITS.rows_at_a_time * moments.size:
        return None
    if np.diff(np.unique(np.r_[moments, now])).min() < LIMITS.days_between * _DAY:
        return None
    # Of a large reference these are a sample, evenly spread over its rows.
    scale = context.reference.whole.rows / times.size
    return [float(count * scale) for count in rows], current


def steps_lost(context: CheckContext, lowest_fraction: float) -> tuple[int, float] | None:
    """Return how many steps of the reference's clock are there, and how many should be, where too many are gone.

    Steps that lie together are an outage. Steps that are gone here and there are lost rows if the rows are gone with
    them: where as many rows as ever share fewer times, they were drawn from all rows, some of them twice.

    Parameters
    ----------
    context : CheckContext
        The window.
    lowest_fraction : float
        Of the rows that the clock lets expect, below which they are too few wherever they are missing.

    Returns
    -------
    tuple of int and float, or None
        None where the reference has no clock, where it is a sample, or where no more than usual is missing.
    """
    times, now = _seconds(context)
    if times.size < context.reference.whole.rows or not now.size or now.min() <= times.max():
        return None
    moments, present = np.unique(times), np.unique(now)
    if moments.size < LIMITS.times:
        return None
    step = float(np.median(np.diff(moments)))
    usual = min(_share_of_steps(part, step) for part in np.array_split(moments, LIMITS.parts))
    share = _share_of_steps(present, step)
    possible = present.size / share
    if usual < LIMITS.regular_fraction or possible < LIMITS.times or share >= LIMITS.steps_left * usual:
        return None
    follows = float((np.abs(np.diff(present) - step) < step / 2).mean())
    together = follows >= share + LIMITS.in_a_row * (1.0 - share)
    expected = usual * possible * times.size / moments.size
    if not together and max(now.size / expected, share / usual) >= lowest_fraction:
        return None
    return int(present.size), usual * possible


def _share_of_steps(moments: NDArray[np.float64], step: float) -> float:
    """Return the share of the steps between the first and the last moment that are there."""
    return float(min(moments.size / ((moments[-1] - moments[0]) / step + 1.0), 1.0))


def _seconds(context: CheckContext) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    column, reference = context.spec.data.time_column, context.reference_rows
    if reference is None or column not in reference or column not in context.frame:
        return np.zeros(0), np.zeros(0)
    return _seconds_of(reference[column]), _seconds_of(context.frame[column])


def _seconds_of(times: pd.Series) -> NDArray[np.float64]:
    import pandas as pd

    since_1970 = in_utc(times).dropna() - pd.Timestamp(0, tz="UTC")
    return np.asarray(since_1970.dt.total_seconds(), dtype=np.float64)
