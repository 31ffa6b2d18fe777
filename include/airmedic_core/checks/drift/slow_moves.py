"""Slow drift: small moves that no single window shows, added up since the reference.

Each statistic keeps a two-sided cumulative sum (Page 1954). It is measured from the reference and in the reference's
own spread, not from the windows since: what drifts slowly would otherwise become its own baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.measures.seasonal import seasonal
from airmedic_core.metrics import Array
from airmedic_core.verdicts.regimes import seen_before
from airmedic_core.verdicts.sequential import cumulative_sums

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.measures.compared_columns import Compared

_LEAST_WINDOWS = 5
"""Windows since the reference before anything can count as having drifted slowly."""
_BASE_WINDOWS = 14
"""Windows from which a reference knows its mean and its spread well. A shorter one is lent the first windows after
it."""
_MOST_Z = 3.0
"""Standard deviations that one window counts at the most, so that no single window makes a slow drift."""
_ALLOWANCE = 0.5
"""Standard deviations taken off each window, so that the sum finds lasting moves of one soonest (Page 1954)."""
_CENTRE_ERRORS = 2.0
"""The reference's mean is known so well only: a constant difference within it is no drift."""
_BEYOND_REFERENCE = 1.5
"""Seasons move inputs back and forth: the sum must exceed by so much what it reached within the reference."""
_LATELY = 7
"""Windows whose mean is the size of the drift: a week of days."""


@dataclass(frozen=True)
class SlowMove:
    """A statistic of a column that keeps moving the same way."""

    column: str
    part: str
    level: float
    """The cumulative sum, signed."""
    limit: float
    effect: float
    """Mean of the last windows, against the reference."""
    windows: int
    """Windows for which it has been moving that way."""
    confirmed: bool
    """Says whether the window before was beyond the limit, too."""


def slow_moves(context: CheckContext, compared: Compared, level: float) -> list[SlowMove]:
    """Return the strongest slow move of each column that has one.

    Parameters
    ----------
    context : CheckContext
        Holds the reference's windows and those since.
    compared : Compared
        The statistics of this window.
    level : float
        Of the cumulative sum, from which on a column moves.
    """
    statistics = compared.statistics
    base = [window.profile for window in context.reference.windows if window.profile.rows]
    since = [*context.since_reference, context.profile]
    # A short reference knows neither its mean nor its spread well: the first windows after it are added.
    lent = max(_BASE_WINDOWS - len(base), 0)
    base, since = base + since[:lent], since[lent:]
    if len(since) < _LEAST_WINDOWS or not statistics.columns:
        return []
    values, _ = statistics.series(since)
    within, noise = statistics.series(base)
    windows = [profile.window for profile in (*base, *since)]
    season, like, parts = seasonal(within, statistics.kinds, windows[: len(base)]), None, np.zeros(0)
    if season is not None:
        clocks = season.clocks(windows, np.vstack([within, values]), statistics.columns)
        parts = season.part(windows, clocks)
        like = season.like(context.profile.window, int(clocks[-1]), parts[: len(base)])
    result, _ = statistics.against(context.profile, context.reference.whole, (within, noise), like)
    if like is not None:
        within, values = like.without(within), values - parts[len(base) :]
    spread = np.maximum(result.spread, 1e-9) * _drawn_out(within - result.centre)
    seen = seen_before(within, noise, result.centre, statistics.columns)
    wide = result.spread > statistics.wide * statistics.unit
    allowance = _ALLOWANCE + _CENTRE_ERRORS * result.centre_error / spread

    def sums(series: Array) -> tuple[Array, NDArray[np.int64]]:
        apart = series - result.centre
        scores = np.nan_to_num(np.clip(np.where(seen.covers(apart), 0.0, apart) / spread, -_MOST_Z, _MOST_Z))
        return cumulative_sums(scores, allowance)

    reached, _ = sums(within)
    limit = np.maximum(level, _BEYOND_REFERENCE * np.abs(reached).max(axis=0, initial=0.0))
    now, grown = sums(values)
    strongest: dict[str, SlowMove] = {}
    # Where windows differ as much as seasons do, many in a row on one side are no news.
    for at in np.flatnonzero((np.abs(now[-1]) > limit) & ~wide):
        run = values[-min(int(grown[-1, at]), _LATELY) :, at]
        effect = float(np.nanmean(run) - result.centre[at]) / float(statistics.unit[at])
        if effect * now[-1, at] <= 0:
            continue
        confirmed = abs(now[-2, at]) > limit[at] and now[-2, at] * now[-1, at] > 0
        move = SlowMove(
            statistics.columns[at], statistics.parts[at], float(now[-1, at]), float(limit[at]), effect,
            int(grown[-1, at]), bool(confirmed),
        )  # fmt: skip
        best = strongest.get(move.column)
        if best is None or abs(move.level) / move.limit > abs(best.level) / best.limit:
            strongest[move.column] = move
    return list(strongest.values())


def _drawn_out(apart: Array) -> Array:
    """Return by how much the spread of a sum grows because windows follow each other, as seasons do.

    The long-run standard deviation of a first-order autoregression over that of its single values.
    """
    known = np.nan_to_num(apart)
    if len(known) < _LEAST_WINDOWS:
        return np.ones(known.shape[1])
    lag = (known[1:] * known[:-1]).sum(axis=0) / np.maximum((known**2).sum(axis=0), 1e-18)
    lag = np.clip(lag, 0.0, 0.9)
    return np.asarray(np.sqrt((1.0 + lag) / (1.0 - lag)))
