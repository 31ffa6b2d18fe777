"""Signed z-scores against a column's own window-to-window spread, steadied by its neighbours.

The unit of evidence is the window, not the row: with many rows every column differs "significantly" from last week,
and what counts is whether it differs more than weeks do. A few windows give a poor estimate of that spread, so the
estimates of all columns are shrunk towards their common value, as far as they agree on one (Smyth 2004, Linear models
and empirical Bayes methods, Stat. Appl. Genet. Mol. Biol. 3:3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from airmedic_core.verdicts.tails import tail_of

if TYPE_CHECKING:
    from airmedic_core.verdicts.season import Level

Array = NDArray[np.float64]

ENOUGH_DEGREES = 3.0
"""Degrees of freedom, own and those that neighbours lend, from which the spread between windows counts as known."""
_LEAST_WINDOWS = 8
"""Windows of history from which each is held against all others to learn the tails."""
_ENOUGH_ALONE = 8.0
"""Own degrees of freedom from which a column may do without its neighbours."""
_IMPROBABLE = 1e-5
"""Chance below which a spread is too small to be one of those beside it: the column then keeps its own."""
_CONSTANT = 1e-9
"""Share of the sampling variance below which a difference is one of rounding."""
_AS_MANY = 0.02
"""Sets how far a window's sampling variance may lie outside of those before it, for its rows to be as many."""


@dataclass(frozen=True)
class Moderated:
    """One window against its history, one entry for each column."""

    z: Array
    """Signed distance beyond the effect floor, in standard errors."""
    p_value: Array
    """Two-sided."""
    difference: Array
    """Current minus centre, in the statistic's own unit."""
    centre: Array
    spread: Array
    """Says what a healthy window's difference is expected to be, as a standard deviation."""
    excess: Array
    """Says how many times the variance of windows exceeds what sampling rows alone produces; 1 where not known."""
    widest: Array
    """The largest difference of any window of history from the centre."""
    centre_error: Array
    """Standard error of ``centre``."""


def moderated_z(
    history: Array,
    history_noise: Array,
    current: Array,
    current_noise: Array,
    *,
    floor: float = 0.0,
    whole: Array | None = None,
    whole_noise: Array | None = None,
    assumed_spread: Array | float = 0.0,
    expected: tuple[float, float] = (0.0, 1.0),
    level: Level | None = None,
    own: NDArray[np.bool_] | None = None,
) -> Moderated:
    """Compare a window's statistics with those of earlier windows.

    Two windows are enough where many columns agree on a spread; a single column needs four. With less, the spread
    between windows is unknown: the limit is what sampling alone produces at these sizes, beyond the effect floor and
    the spread that is assumed.

    Where the columns' earlier windows have heavier tails than the normal distribution, so have the p-values.

    Parameters
    ----------
    history : array, shape (windows, columns)
        The statistic in earlier healthy windows; NaN where a window does not have it.
    history_noise : array, shape (windows, columns)
        The variance of each entry that sampling rows alone produces.
    current, current_noise : array, shape (columns,)
        The same for the window in question.
    floor : float
        A difference up to here is of no interest, however certain.
    whole, whole_noise : array, shape (columns,), optional
        The statistic of all the reference's rows: the centre where there is too little history.
    assumed_spread : float or array, shape (columns,)
        The standard deviation between windows where it is not known.
    expected : tuple of float
        What is expected of a single column that has no neighbours: degrees of freedom, and how many times the variance
        of windows exceeds what sampling rows alone produces.
    level : Level, optional
        What is known of the season's part, where it has been taken out of ``history`` and ``current``.
    own : array of bool, shape (columns,), optional
        Columns that are judged by their own history alone where that is much steadier than their neighbours' and the
        window has as many rows as others; none where not given. Their sampling variance must be that of many rows.

    Returns
    -------
    Moderated
        Entries are NaN where the statistic is.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> history = rng.normal(size=(30, 5))
    >>> today = np.array([0.0, 0.0, 0.0, 0.0, 5.0])
    >>> noise = np.full(5, 0.1)
    >>> result = moderated_z(history, np.tile(noise, (30, 1)), today, noise)
    >>> (result.p_value < 0.001).tolist()
    [False, False, False, False, True]
    """
    history, history_noise = np.atleast_2d(history), np.atleast_2d(history_noise)
    present = np.isfinite(history)
    windows = present.sum(axis=0)
    filled = np.where(present, history, 0.0)
    count = np.maximum(windows, 1)
    centre = filled.sum(axis=0) / count
    noise = np.where(present, history_noise, 0.0).sum(axis=0) / count
    every = np.maximum(windows - 1, 0).astype(float)
    degrees = every if level is None else np.maximum(every - level.lost, 0.0)
    squares = (np.where(present, history - centre, 0.0) ** 2).sum(axis=0)
    several = windows >= 2

    tiny = 1e-12
    excess = np.ones_like(noise)
    excess[several] = squares[several] / every[several] / np.maximum(noise[several], tiny)
    prior_degrees, prior = _prior(excess[several], degrees[several])
    alone = np.zeros(excess.shape, bool)
    if own is not None:
        alone = own & _much_steadier(excess, degrees, prior_degrees, prior)
        alone &= _as_many_rows(history_noise, current_noise)
    if not prior_degrees:
        prior_degrees, prior = expected
    lent = np.where(alone, 0.0, prior_degrees)
    total = lent + degrees
    known = (several | (expected[0] > 0)) & (total >= ENOUGH_DEGREES)
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (lent * prior + degrees * excess) / total
    moderated = np.where(known, np.where(np.isfinite(pooled), pooled, prior), 1.0)
    between = np.maximum(moderated - 1.0, 0.0) * np.maximum(noise, tiny)
    between = np.where(known, between, np.broadcast_to(np.square(assumed_spread), between.shape))
    centre_variance = (between + noise) / count
    if level is not None:
        centre_variance += (between + noise) * level.error + level.doubt
    if whole is not None:
        centre = np.where(known & several, centre, whole)
        if whole_noise is not None:
            centre_variance = np.where(known & several, centre_variance, whole_noise)
    spread = np.sqrt(between + current_noise + centre_variance)
    difference = current - centre
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.sign(difference) * np.maximum(np.abs(difference) - floor, 0.0) / np.maximum(spread, 1e-9)
    usable = np.where(known, np.minimum(total, 1e6), 1e6)
    p_value = 2.0 * special.stdtr(usable, -np.abs(z))
    tail = tail_of(_left_out(history, history_noise, lent, prior)[:, known])
    if tail is not None:
        heavy = 2.0 * special.stdtr(np.minimum(usable, tail.degrees), -np.abs(z) / tail.scale)
        p_value = np.where(known, np.maximum(p_value, heavy), p_value)
    widest = np.where(present, np.abs(history - centre), 0.0).max(axis=0, initial=0.0)
    return Moderated(z, p_value, difference, centre, spread, moderated, widest, np.sqrt(centre_variance))


def _much_steadier(excess: Array, degrees: Array, prior_degrees: float, prior: float) -> NDArray[np.bool_]:
    """Return which columns differ less between windows than any of their neighbours would.

    The hours of a timetable are the same each week, though the weather beside them never is.
    """
    if not prior_degrees > 0 or not prior > 0:
        return np.zeros(excess.shape, bool)
    chance = special.fdtr(np.maximum(degrees, 1.0), prior_degrees, excess / prior)
    return (degrees >= _ENOUGH_ALONE) & (chance < _IMPROBABLE)


def _as_many_rows(history_noise: Array, current_noise: Array) -> NDArray[np.bool_]:
    """Return which entries rest on as many rows as they did before: a timetable with a gap is another one."""
    least = np.nanmin(history_noise, axis=0, initial=np.inf)
    most = np.nanmax(history_noise, axis=0, initial=0.0)
    return np.asarray((current_noise >= least * (1 - _AS_MANY)) & (current_noise <= most * (1 + _AS_MANY)))


def _left_out(history: Array, noise: Array, lent: Array, prior: float) -> Array:
    """Return the z that each window of history would have had against all others; NaN where it has none."""
    present = np.isfinite(history)
    count = present.sum(axis=0)
    if count.max(initial=0) < _LEAST_WINDOWS:
        return np.empty((0, history.shape[1]))
    others = np.maximum(count - 1, 1)
    centre = np.where(present, history, 0.0).sum(axis=0) / np.maximum(count, 1)
    apart = np.where(present, history - centre, np.nan)
    squares = np.nansum(apart**2, axis=0) - apart**2 * count / others
    usual = np.where(present, noise, 0.0).sum(axis=0) / np.maximum(count, 1)
    usual = np.maximum(usual, 1e-12)
    degrees = np.maximum(others - 1, 1)
    ratio = (lent * prior + np.maximum(squares, 0.0) / usual) / (lent + degrees)
    variance = np.maximum(ratio, 1.0) * usual
    left: Array = apart * count / others / np.sqrt(variance * (1.0 + 1.0 / others))
    return np.where(count >= _LEAST_WINDOWS, left, np.nan)


def _prior(excess: Array, degrees: Array) -> tuple[float, float]:
    """Return the prior's degrees of freedom and value, by the moments of the log variances (Smyth, 6.2).

    The prior is never worth more than all observations that it was taken from.
    """
    usable = (excess > _CONSTANT) & (degrees > 0)
    if usable.sum() < 3:
        return 0.0, 1.0
    half = degrees[usable] / 2.0
    logs = np.log(excess[usable]) - special.digamma(half) + np.log(half)
    surplus = logs.var(ddof=1) - special.polygamma(1, half).mean()
    most = float(degrees[usable].sum())
    if surplus <= 0:
        return most, float(np.exp(logs.mean()))
    half_prior = _inverse_trigamma(float(surplus))
    value = logs.mean() + special.digamma(half_prior) - np.log(half_prior)
    return min(2.0 * half_prior, most), float(np.exp(value))


def _inverse_trigamma(value: float) -> float:
    if value > 1e7:
        return 1.0 / float(np.sqrt(value))
    if value < 1e-6:
        return 1.0 / value
    guess = 0.5 + 1.0 / value
    for _ in range(50):
        trigamma = float(special.polygamma(1, guess))
        step = trigamma * (1.0 - trigamma / value) / float(special.polygamma(2, guess))
        guess += step
        if -step / guess < 1e-8:
            break
    return guess
