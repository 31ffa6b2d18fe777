"""The statistics of a window's columns against those of earlier windows, alone and together with the window before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from airmedic_core.measures.column_statistics import Statistics
from airmedic_core.measures.seasonal import Like, seasonal
from airmedic_core.metrics import Array
from airmedic_core.profile import Profile
from airmedic_core.verdicts.moderated import Moderated

_ALONE_Z = 1.28
"""States what each of two windows must reach alone, to be taken together: one in ten."""


@dataclass(frozen=True)
class Compared:
    """The statistics of a window, compared with history."""

    statistics: Statistics
    result: Moderated
    values: Array
    lasting_p_value: Array
    """The chance that this window and the one before it lie so far out on the same side; 1 where they do not."""
    effect_before: Array
    """The effect in the window before; 0 where there is none."""
    like: Like | None = None
    """The season that has been taken out, if there is one."""

    @property
    def effects(self) -> Array:
        """Return how far each entry moved."""
        return self.result.difference / self.statistics.unit

    @property
    def expected(self) -> Array:
        """Return what history lets expect of each entry, in a window of this season."""
        return self.result.centre if self.like is None else self.result.centre + self.like.level.part


def compare(
    statistics: Statistics, now: Profile, whole: Profile, past: Sequence[Profile], before: Profile | None = None
) -> Compared:
    """Compare a window with earlier ones, alone and together with the window before it.

    Two windows are taken together by their p-values (Stouffer 1949), so that one that lies very far out does not speak
    for the other: both must be conspicuous, on the same side. Each is compared with windows of its own season,
    by the clock that all columns show.

    Parameters
    ----------
    statistics : Statistics
        What is measured.
    now, whole : Profile
        Of the window, and of all rows of the reference.
    past : sequence of Profile
        Of earlier healthy windows, oldest first.
    before : Profile, optional
        Of the window before, which is not among ``past``.
    """
    series = statistics.series(past)
    windows = [profile.window for profile in past]
    season = seasonal(series[0], statistics.kinds, windows)
    like = like_before = None
    if season is not None:
        newest = [now] if before is None else [before, now]
        measured = np.vstack([series[0], *(statistics.measure(profile)[0] for profile in newest)])
        clocks = season.clocks([*windows, *(profile.window for profile in newest)], measured, statistics.columns)
        part = season.part(windows, clocks[: len(past)])
        like = season.like(now.window, int(clocks[-1]), part)
        like_before = None if before is None else season.like(before.window, int(clocks[-2]), part)
    result, values = statistics.against(now, whole, series, like)
    nothing = np.zeros(len(values))
    if before is None:
        return Compared(statistics, result, values, np.where(np.isfinite(values), 1.0, np.nan), nothing, like)
    earlier, _ = statistics.against(before, whole, series, like_before)
    first, second = (special.ndtri(1.0 - np.clip(compared.p_value, 1e-15, 1.0) / 2.0) for compared in (earlier, result))
    together = 2.0 * special.ndtr(-(first + second) / np.sqrt(2.0))
    same = (earlier.difference * result.difference > 0) & (np.minimum(first, second) > _ALONE_Z)
    lasting = np.where(same, together, np.where(np.isfinite(result.p_value), 1.0, np.nan))
    effect_before = np.nan_to_num(earlier.difference / statistics.unit)
    return Compared(statistics, result, values, lasting, effect_before, like)
