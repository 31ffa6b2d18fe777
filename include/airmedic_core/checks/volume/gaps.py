"""Stretches of time without a row, where the reference hardly ever was without one for so long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.reading.moments import in_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set."""

    moments: int = 30
    """Different times of the reference below which nothing is known of how long gaps usually are."""
    times_longer: float = 3.0
    """Says how many times the longest gap of the reference a gap must be. Of independent events, whose longest gap
    among so many grows with the logarithm of their number, one in 27,000 is so long after 30 of them (30⁻³).
    """
    occasions: float = 4.0
    """Says how many such gaps the reference must have room for, so that it would have shown one: a reference of five
    working days says nothing of weekends."""
    likelihood: float = 7.0
    """Logarithm by which a gap must be less likely than one in as many steps as there are, where steps are missing here
    and there: one window in a thousand (e⁻⁷)."""
    coarser: float = 2.0
    """Says how many times as many rows share one time as in the reference, from which times are coarser, as when they
    lose their hour: the rows are there then, and only their times have moved together.
    """
    rows: float = 20.0
    """Rows to be expected in the gaps. Of 20 none is there by chance in one of 500 million windows (Poisson)."""


LIMITS = Limits()


@dataclass(frozen=True)
class Gap:
    """Holds what is missing."""

    seconds: float
    """The longest stretch without a row."""
    usual_seconds: float
    """The longest one of the reference."""
    rows: float
    """Rows to be expected in all such stretches."""


def long_gaps(context: CheckContext) -> Gap | None:
    """Return what is missing in the middle of the window; None where no stretch without rows is beyond the usual.

    The rows that are there say how many are missing, so nobody has to know how many the window should hold. Where rows
    come less often altogether, as those of a sample do, chance leaves longer gaps, too.

    Parameters
    ----------
    context : CheckContext
        The window.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day[(day["at"].dt.hour < 8) | (day["at"].dt.hour >= 16)])
    >>> gap = long_gaps(context)
    >>> f"{gap.seconds / 3600:.0f} hours without {gap.rows:.0f} rows; the longest was {gap.usual_seconds:.0f} seconds"
    '8 hours without 68 rows; the longest was 480 seconds'
    """
    reference, column = context.every_reference_row, context.spec.data.time_column
    if reference is None or column not in reference or column not in context.frame:
        return None
    before, now = _seconds(reference[column]), _seconds(context.frame[column])
    if not before.size or not now.size:
        return None
    usual, gaps = np.diff(np.unique(before)), np.diff(np.unique(now))
    if usual.size + 1 < LIMITS.moments or not gaps.size:
        return None
    if now.size / (gaps.size + 1) > LIMITS.coarser * before.size / (usual.size + 1):
        return None
    long = gaps >= LIMITS.times_longer * float(usual.max())
    if not long.any() or before[-1] - before[0] < LIMITS.occasions * float(gaps.max()):
        return None
    long &= gaps > _by_chance(gaps, long, float(np.median(usual)))
    if not long.any():
        return None
    missing = float(gaps[long].sum())
    expected = now.size * missing / max(float(now[-1] - now[0]) - missing, float(np.median(usual)))
    return Gap(float(gaps.max()), float(usual.max()), expected) if expected >= LIMITS.rows else None


def _by_chance(gaps: NDArray[np.float64], long: NDArray[np.bool_], step: float) -> float:
    """Return the longest gap that steps leave which are missing here and there, as in a sample of the rows."""
    others = gaps[~long]
    there = min((others.size + 1) * step / max(float(others.sum()), step), 1.0)
    if there >= 1.0:
        return 0.0
    return float(step * (np.log(gaps.size + 1) + LIMITS.likelihood) / -np.log(1.0 - there))


def _seconds(times: pd.Series) -> NDArray[np.float64]:
    import pandas as pd

    since_1970 = in_utc(times).dropna() - pd.Timestamp(0, tz="UTC")
    return np.sort(np.asarray(since_1970.dt.total_seconds(), dtype=np.float64))
