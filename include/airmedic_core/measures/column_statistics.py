"""Signed statistics of a window, taken from profiles: one column of numbers for each thing that can move.

Numbers are read as ranks within the reference: where a value would stand among the reference's rows, from 0 to 1. The
mean rank moves with the location of any distribution, however heavy its tails, and its sampling noise is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from airmedic_core.measures.chances import chance_of_shares
from airmedic_core.measures.seasonal import Like
from airmedic_core.measures.unseen_categories import UsualUnseen
from airmedic_core.metrics import Array
from airmedic_core.profile import CategoricalProfile, NumericProfile, Profile
from airmedic_core.verdicts.moderated import Moderated, moderated_z
from airmedic_core.verdicts.regimes import seen_before

RANKS_PER_SD = 0.2821
"""States how far the mean rank moves when a normal distribution moves by one standard deviation: 1 / (2 √π)."""
_FLOOR = 0.01
"""A difference of ranks or shares up to here is of no interest, however certain: one row in a hundred."""
_MANY_ROWS = 10.0
"""Rows that tell of an entry in a window, below which its mean is no normal distribution."""
_WIDE_NUMBERS, _WIDE_SHARES = 0.15, 0.06
"""Spreads of windows, in standard deviations and in shares of the rows, that only rows which depend on each other
explain, such as the weather or a season: three and four times those that are assumed."""
_ASSUMED_NUMBERS, _ASSUMED_SHARES = 0.05, 0.015
"""Spreads of windows where history does not tell them, in the same units: the daily wobble of real productions that
the false alarms are measured with (benchmarks/calibration)."""
_CALENDAR_SHARE, _CALENDAR_WINDOWS, _CALENDAR_LEAST = 0.99, 0.6, 4
"""A column tells the time if one value has this share of the rows in this share of the windows, of so many at least."""


Measure = Callable[[Profile], tuple[Array, Array]]
"""Takes a profile, and returns each entry's value and its variance by sampling alone; NaN where there is none."""


@dataclass(frozen=True)
class Statistics:
    """One kind of statistic of many columns: an entry for each thing that can move."""

    columns: tuple[str, ...]
    parts: tuple[str, ...]
    """Says what of the column: ``location``, ``spread``, or a category."""
    unit: Array
    """Divides a difference into an effect: standard deviations for ranks, 1 for fractions."""
    measure: Measure
    assumed_spread: float
    """The spread between windows, as an effect, that is assumed where history does not tell it."""
    numeric: bool
    variance: Array
    """The variance of one row."""
    own_share: Array
    """Share of the reference's rows that tell of the entry: a category's own, or those that lie in no largest bin."""
    rows: Callable[[Profile], Array] | None = None
    """Takes a profile, and returns of how many rows each entry is a share; none where entries are no shares."""

    @property
    def wide(self) -> float:
        """A spread of windows, as an effect, that only rows which depend on each other explain."""
        return _WIDE_NUMBERS if self.numeric else _WIDE_SHARES

    @property
    def kinds(self) -> list[NDArray[np.intp]]:
        """Positions of the entries of one kind: locations, spreads, shares of categories."""
        kind = np.array([part if part in {"location", "spread"} and self.numeric else "share" for part in self.parts])
        return [np.flatnonzero(kind == name) for name in dict.fromkeys(kind)]

    def series(self, profiles: Sequence[Profile]) -> tuple[Array, Array]:
        """Return the values and variances of many profiles, shape (profiles, entries)."""
        measured = [self.measure(profile) for profile in profiles]
        shape = (len(measured), len(self.columns))
        values, noise = (np.array([pair[at] for pair in measured]).reshape(shape) for at in (0, 1))
        return values, noise

    def against(
        self, now: Profile, whole: Profile, past: tuple[Array, Array], like: Like | None = None
    ) -> tuple[Moderated, Array]:
        """Compare a window with a series of earlier ones, without the season of both where there is one.

        Parameters
        ----------
        now, whole : Profile
            Of the window, and of all rows of the reference.
        past : tuple of array, shape (windows, entries)
            Values and variances of earlier windows, as :meth:`series` returns them.
        like : Like, optional
            The season of the window.

        Returns
        -------
        Moderated
            What the comparison says of each entry.
        array, shape (entries,)
            The window's values.
        """
        values, noise = self.measure(now)
        centre, centre_noise = self.measure(whole)
        history, apart = past[0], values
        if like is not None:
            history, apart = like.without(history), values - like.level.part
        own = self._many_rows(np.vstack([past[1], noise]))
        parts = []
        # Columns lend each other what they know of the spread of windows, each kind of statistic for itself.
        for kind in self.kinds:
            mine = [measured[..., kind] for measured in (history, past[1], apart, noise)]
            parts.append(
                moderated_z(
                    *mine, floor=_FLOOR, whole=centre[kind], whole_noise=centre_noise[kind],
                    assumed_spread=self.assumed_spread * self.unit[kind],
                    level=None if like is None else like.level.of(kind), own=own[kind],
                )
            )  # fmt: skip
        order = np.argsort(np.concatenate(self.kinds)) if parts else np.empty(0, int)
        joined = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts] or [np.empty(0)])[order]
            for field in fields(Moderated)
        }
        seen = seen_before(history, past[1], joined["centre"], self.columns)
        joined["p_value"] = np.where(seen.covers(joined["difference"]), 1.0, joined["p_value"])
        if self.rows is not None and like is None:
            by_rows = chance_of_shares(values, self.rows(now), centre, self.rows(whole))
            joined["p_value"] = np.fmax(joined["p_value"], np.where(np.isfinite(joined["p_value"]), by_rows, np.nan))
        return Moderated(**joined), values

    def _many_rows(self, noise: Array) -> NDArray[np.bool_]:
        """Return which entries rest on some rows in every window, given the variances of all windows."""
        with np.errstate(invalid="ignore", divide="ignore"):
            rows = self.own_share * self.variance / noise
        return np.asarray((np.nan_to_num(rows) >= _MANY_ROWS).all(axis=0))


def of_numbers(whole: Profile, columns: Sequence[str]) -> Statistics:
    """Return where numbers lie and how widely they spread.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.profile import Edges, build_profile
    >>> from airmedic_core.profile.edges import cut_points
    >>> rng = np.random.default_rng(0)
    >>> usual = rng.normal(size=2000)
    >>> edges = Edges({"price": cut_points(usual)}, {})
    >>> whole, moved = (build_profile(edges, pd.DataFrame({"price": usual + shift})) for shift in (0.0, 0.5))
    >>> statistics = of_numbers(whole, ["price"])
    >>> values, _ = statistics.series([whole, moved])
    >>> ((values[1] - values[0]) / statistics.unit).round(1)
    array([0.5, 0.1])
    """
    rows: list[tuple[str, str, Array, float]] = []
    for name in columns:
        reference = whole.columns[name]
        if not isinstance(reference, NumericProfile) or not reference.values:
            continue
        ranks = mid_ranks(reference.counts)
        rows.append((name, "location", ranks, RANKS_PER_SD))
        rows.append((name, "spread", np.abs(2.0 * ranks - 1.0), 2 * RANKS_PER_SD))
    variance = np.array([_variance(whole.columns[name], weights) for name, _, weights, _ in rows])

    def measure(profile: Profile) -> tuple[Array, Array]:
        values, noise = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        for at, (name, _, weights, _) in enumerate(rows):
            column = profile.columns[name]
            if isinstance(column, NumericProfile) and (total := int(column.counts.sum())):
                values[at] = column.counts @ weights / total
                noise[at] = variance[at] / total
        return values, noise

    return Statistics(
        tuple(row[0] for row in rows), tuple(row[1] for row in rows), np.array([row[3] for row in rows]), measure,
        assumed_spread=_ASSUMED_NUMBERS, numeric=True, variance=variance,
        own_share=np.array([1.0 - _largest_share(whole, name) for name, *_ in rows]),
    )  # fmt: skip


def of_categories(
    whole: Profile, columns: Sequence[str], most: int = 30, usual_unseen: Mapping[str, UsualUnseen] | None = None
) -> Statistics:
    """Return the share of each frequent category, of all others and of unseen ones.

    Parameters
    ----------
    whole : Profile
        Of all rows of the reference.
    columns : sequence of str
        Columns of categories.
    most : int
        Categories of each column that are looked at one by one.
    usual_unseen : mapping of str to UsualUnseen, optional
        Of columns with a long tail. Only more unseen rows than are usual count as such.
    """
    rows: list[tuple[str, str, int]] = []
    tails = usual_unseen or {}
    for name in columns:
        reference = whole.columns[name]
        if isinstance(reference, CategoricalProfile) and reference.values:
            rows += [(name, category, at) for at, category in enumerate(reference.categories[:most])]
            # Which rare categories of a long tail a window has is chance: they come and go with the unseen ones.
            long_tail = name in tails and tails[name].share > 0
            rows += [(name, "(unseen)", -1)] if long_tail else [(name, "(other)", -2), (name, "(unseen)", -1)]
    expected = np.array([_expected(whole.columns[name], position, most) for name, _, position in rows])

    def measure(profile: Profile) -> tuple[Array, Array]:
        values, noise = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        for at, (name, _, position) in enumerate(rows):
            column = profile.columns[name]
            if isinstance(column, CategoricalProfile) and column.values:
                tail = tails.get(name)
                counted = _category_rows(column, position, most) - _usual_unseen_rows(column, position, tail)
                values[at] = counted / column.values
                share = expected[at]
                noise[at] = max(share * (1.0 - share), 0.5 / column.values) / column.values
        return values, noise

    def counted(profile: Profile) -> Array:
        held = [profile.columns[name] for name, _, _ in rows]
        return np.array([float(part.values) if isinstance(part, CategoricalProfile) else 0.0 for part in held])

    return Statistics(
        tuple(row[0] for row in rows), tuple(row[1] for row in rows), np.ones(len(rows)), measure,
        assumed_spread=_ASSUMED_SHARES, numeric=False, variance=expected * (1.0 - expected), own_share=expected,
        rows=counted,
    )  # fmt: skip


def mid_ranks(counts: NDArray[np.int64]) -> Array:
    """Return the rank, from 0 to 1, that a value of each bin has among all.

    Examples
    --------
    >>> mid_ranks(np.array([1, 1, 2]))
    array([0.125, 0.375, 0.75 ])
    """
    total = max(int(counts.sum()), 1)
    ranks: Array = (np.cumsum(counts) - counts / 2.0) / total
    return ranks


def one_value_per_window(past: Sequence[Profile], name: str) -> bool:
    """Say whether windows hold only one value each in this column, as calendar columns do.

    Then a window is one observation of it, and a value that has not been seen before means nothing.
    """
    single = [_largest_share(profile, name) >= _CALENDAR_SHARE for profile in past]
    distinct = {_mode(profile, name) for profile in past}
    return len(single) >= _CALENDAR_LEAST and float(np.mean(single)) >= _CALENDAR_WINDOWS and len(distinct) > 1


def _largest_share(profile: Profile, name: str) -> float:
    column = profile.columns[name]
    if not isinstance(column, NumericProfile | CategoricalProfile) or not column.values or not column.counts.size:
        return 0.0
    return float(column.counts.max() / column.values)


def _mode(profile: Profile, name: str) -> int:
    column = profile.columns[name]
    if not isinstance(column, NumericProfile | CategoricalProfile) or not column.counts.size:
        return -1
    return int(column.counts.argmax())


def _variance(column: object, weights: Array) -> float:
    if not isinstance(column, NumericProfile):
        return 1.0
    shares = column.counts / max(int(column.counts.sum()), 1)
    return max(float(shares @ weights**2 - (shares @ weights) ** 2), 1e-6)


def _category_rows(column: CategoricalProfile, position: int, most: int) -> float:
    if position == -1:
        return float(column.unseen)
    if position == -2:
        return float(column.other + column.counts[most:].sum())
    return float(column.counts[position])


def _usual_unseen_rows(column: CategoricalProfile, position: int, usual: UsualUnseen | None) -> float:
    """Return the rows that count as unseen and are not, because so many usually are."""
    if usual is None or position != -1:
        return 0.0
    return min(float(column.unseen), usual.most(column.values) * column.values)


def _expected(column: object, position: int, most: int) -> float:
    if not isinstance(column, CategoricalProfile) or not column.values:
        return 0.0
    return _category_rows(column, position, most) / column.values
