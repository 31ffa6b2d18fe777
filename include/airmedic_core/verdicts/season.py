"""Seasons: how much of what windows differ by comes back with each turn of a cycle, and what is left without it.

Like is compared with like only as far as history shows that it helps. Each column's season is a random effect whose
variance, in units of that between windows, is one of a grid of sizes; how common each size is among the columns is
learnt from all of them, as in adaptive shrinkage (Stephens 2017, False discovery rates: a new deal, Biostatistics
18:275–294). So a column without a season keeps nearly all of its level, a column with a clear season follows it, and
what is not known of the season widens the limits. Columns of one model may move together by chance, so that many of
them seem to have a season at once: a calendar is used only if hardly any random order of the windows explains more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SIZES = np.concatenate([[0.0], 4.0 ** np.arange(-2, 6)])
"""Variance of a season, over that of windows which are alike."""
_NONE = 10.0
"""Columns without a season that are added, so that it takes evidence to find one; a penalty as in Stephens 2017."""
_ROUNDS = 25
"""Steps of expectation–maximisation that learn how common each size is."""
_LEAST_EVIDENCE = 3.0
"""Logarithm of the Bayes factor: twenty to one (Kass and Raftery 1995: strong)."""
_ORDERS, _BETTER = 99, 1
"""Random orders that a calendar is held against, and how many of them may explain more: a level of 2 %."""
_LEAST_LAPS = 2
"""Turns in which history must hold a phase: what was seen once may be anything."""
_TINY = 1e-9
"""A difference below this, relative to the value's size, comes from rounding."""


@dataclass(frozen=True)
class Turns:
    """Which windows are alike: one entry for each window of history."""

    phases: NDArray[np.intp]
    """The place of each window in its cycle, from 0: the day of its week."""
    laps: NDArray[np.intp]
    """Which turn of the cycle it lies in: the week."""


@dataclass(frozen=True)
class Level:
    """Holds what is known of one phase of a cycle; an entry for each column."""

    part: Array
    """Says what the phase adds to the mean of all windows, shrunk as far as it is uncertain."""
    weight: Array
    """Says how far the phase's own mean is believed, from 0 to 1."""
    windows: Array
    """Windows of history in this phase."""
    error: Array
    """Variance of ``part``, over that of a window."""
    doubt: Array
    """Further variance of ``part``, in the statistic's own unit: how strong the season is, is not known exactly."""
    lost: Array
    """Degrees of freedom that the season took from the spread of windows."""

    def of(self, entries: NDArray[np.intp]) -> Self:
        """Return some of the entries."""
        return type(self)(**{field.name: getattr(self, field.name)[entries] for field in fields(self)})

    def mixed(self, other: Self, share: float) -> Self:
        """Return the level of a window of which a share lies in another phase; as uncertain as both are."""
        return type(self)(
            **{
                field.name: (1.0 - share) * getattr(self, field.name) + share * getattr(other, field.name)
                for field in fields(self)
            }
        )


@dataclass(frozen=True)
class Season:
    """Holds what each phase adds to each column; arrays have the shape (phases, columns)."""

    turns: Turns
    parts: Array
    weights: Array
    doubts: Array
    counts: Array
    """Windows of history."""
    lost: Array
    """Degrees of freedom, shape (columns,)."""
    evidence: float
    """Logarithm of the Bayes factor against no season in any column."""

    def knows(self, phase: int) -> bool:
        """Return whether history holds the phase in at least two turns."""
        return len(np.unique(self.turns.laps[self.turns.phases == phase])) >= _LEAST_LAPS

    def level(self, phase: int) -> Level:
        """Return what is known of one phase."""
        windows = self.counts[phase]
        error = self.weights[phase] * (1.0 / np.maximum(windows, 1) - 1.0 / np.maximum(self.counts.sum(axis=0), 1))
        return Level(self.parts[phase], self.weights[phase], windows, error, self.doubts[phase], self.lost)

    def part(self, phases: NDArray[np.intp]) -> Array:
        """Return what the season adds to windows of these phases, shape (windows, columns); 0 where not known."""
        known = (phases >= 0) & (phases < len(self.parts))
        return np.where(known[:, None], self.parts[np.where(known, phases, 0)], 0.0)

    def without(self, history: Array, part: Array | None = None) -> Array:
        """Return history without the season.

        What is left of a window that helped to fit the season is smaller than what will be left of a new one. It is
        stretched, so that its plain variance is that of new windows.

        Parameters
        ----------
        history : array, shape (windows, columns)
            The windows that the season was found in.
        part : array, shape (windows, columns), optional
            What the season adds to each of them, where that is not what it adds to its phase.
        """
        left = history - (self.part(self.turns.phases) if part is None else part)
        centre = np.nansum(left, axis=0) / np.maximum(np.isfinite(left).sum(axis=0), 1)
        degrees = np.maximum(self.counts.sum(axis=0) - 1.0, 1.0)
        stretched: Array = centre + (left - centre) * np.sqrt(degrees / np.maximum(degrees - self.lost, 1.0))
        return stretched


def find_season(history: Array, kinds: Sequence[NDArray[np.intp]], calendars: Sequence[Turns]) -> Season | None:
    """Find the calendar that explains history best, if any does.

    Parameters
    ----------
    history : array, shape (windows, columns)
        The statistic in earlier healthy windows; NaN where a window does not have it.
    kinds : sequence of arrays of int
        Positions of the columns that lend each other what they know.
    calendars : sequence of Turns
        Ways to sort the windows into like ones.

    Returns
    -------
    Season or None
        None where no calendar explains more than chance does.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> days = np.arange(42)
    >>> weeks = Turns(days % 7, days // 7)
    >>> quiet = rng.normal(size=(42, 4))
    >>> find_season(quiet, [np.arange(4)], [weeks]) is None
    True
    >>> sundays = quiet + 3.0 * (days % 7 == 6)[:, None]
    >>> season = find_season(sundays, [np.arange(4)], [weeks])
    >>> (season.level(6).part > 1.0).tolist(), (season.level(0).part < 0.0).tolist()
    ([True, True, True, True], [True, True, True, True])
    """
    fitted = [_fit(history, kinds, turns) for turns in calendars if len(np.unique(turns.phases)) > 1]
    better = [season for season in fitted if season.evidence > _LEAST_EVIDENCE]
    best = max(better, key=lambda season: season.evidence, default=None)
    return best if best is not None and _beats_chance(history, best.turns) else None


def _fit(history: Array, kinds: Sequence[NDArray[np.intp]], turns: Turns) -> Season:
    """Fit to each column a season whose strength is not known, one column weighing what others show of theirs."""
    present = np.isfinite(history)
    member = (turns.phases == np.arange(turns.phases.max() + 1)[:, None]).astype(float)
    counts, windows = member @ present, present.sum(axis=0)
    centre = np.where(present, history, 0.0).sum(axis=0) / np.maximum(windows, 1)
    apart = np.where(present, history - centre, 0.0)
    offsets = member @ apart / np.maximum(counts, 1.0)
    between, total = (counts * offsets**2).sum(axis=0), (apart**2).sum(axis=0)
    free = np.maximum((counts > 0).sum(axis=0) - 1, 0)
    # A column that lacks a phase which others have is compared with all windows.
    complete = (counts >= np.minimum(member.sum(axis=1, keepdims=True), _LEAST_LAPS)).all(axis=0)
    usable = complete & (windows - 1 > free) & (free > 0) & (total > _TINY**2)
    usual = (windows - (counts**2).sum(axis=0) / np.maximum(windows, 1)) / np.maximum(free, 1)
    shrinks = 1.0 + np.outer(_SIZES, usual)
    explained = np.minimum(between / np.maximum(total, _TINY**2), 1.0 - _TINY)
    # Of the column's windows given the size, over that given none; level and spread are integrated out.
    gains = -0.5 * (free * np.log(shrinks) + (windows - 1) * np.log1p(-explained * (1.0 - 1.0 / shrinks)))
    believed, evidence = np.zeros_like(gains), 0.0
    believed[0] = 1.0
    for kind in kinds:
        mine = kind[usable[kind]]
        if mine.size:
            believed[:, mine], gained = _believed(gains[:, mine])
            evidence += gained
    weights, squares = np.zeros_like(offsets), np.zeros_like(offsets)
    for size, chance in zip(_SIZES, believed, strict=True):
        weight = counts * size / (1.0 + counts * size)
        weights += chance * weight
        squares += chance * weight**2
    doubts = np.maximum(squares - weights**2, 0.0) * offsets**2
    taken = np.where(counts > 0, 1.0 - (1.0 - weights) ** 2, 0.0).sum(axis=0)
    lost = taken * free / np.maximum(free + 1, 1)
    return Season(turns, weights * offsets, weights, doubts, counts, lost, evidence)


def _believed(gains: Array) -> tuple[Array, float]:
    """Return how likely each size is in each column, shape (sizes, columns), and the evidence of all columns."""
    most = gains.max(axis=0)
    likelihoods = np.exp(gains - most)
    common = np.full(len(_SIZES), 1.0 / len(_SIZES))
    for _ in range(_ROUNDS):
        believed = common[:, None] * likelihoods
        believed /= believed.sum(axis=0)
        common = believed.sum(axis=1)
        common[0] += _NONE
        common /= common.sum()
    mixed = common[:, None] * likelihoods
    return mixed / mixed.sum(axis=0), float((np.log(mixed.sum(axis=0)) + most).sum())


def _beats_chance(history: Array, turns: Turns) -> bool:
    """Return whether hardly any random order of the windows explains more; all columns are reordered alike."""
    present = np.isfinite(history)
    centre = np.where(present, history, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    apart = np.where(present, history - centre, 0.0)
    size = np.sqrt((apart**2).sum(axis=0))
    apart = apart[:, size > _TINY] / size[size > _TINY]
    member = (turns.phases == np.unique(turns.phases)[:, None]).astype(float)
    member /= np.sqrt(member.sum(axis=1, keepdims=True))

    def explained(order: NDArray[np.intp]) -> float:
        shares = ((member[:, order] @ apart) ** 2).sum(axis=0)
        return -float(np.log1p(-np.minimum(shares, 1.0 - _TINY)).sum())

    rng = np.random.default_rng(0)
    # Many orders of few windows are the same calendar.
    reached = explained(np.arange(len(history))) * (1.0 + _TINY)
    better = 0
    for _ in range(_ORDERS):
        better += explained(rng.permutation(len(history))) > reached
        if better > _BETTER:
            return False
    return True
