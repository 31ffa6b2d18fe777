"""Signed statistics of a window, taken from profiles: one column of numbers for each thing that can move.

Numbers are read as ranks within the reference: where a value would stand among the reference's rows, from 0 to 1. The
mean rank moves with the location of any distribution, however heavy its tails, and its sampling noise is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from airmedic_core.metrics import Array
from airmedic_core.profile import CategoricalProfile, NumericProfile, Profile
from airmedic_core.verdicts.moderated import Moderated, moderated_z

RANKS_PER_SD = 0.2821
"""How far the mean rank moves when a normal distribution moves by one standard deviation: 1 / (2 √π)."""


@dataclass(frozen=True)
class Compared:
    """One kind of statistic of many columns, compared with history."""

    columns: tuple[str, ...]
    parts: tuple[str, ...]
    """What of the column: ``location``, ``spread``, or a category."""
    result: Moderated
    values: Array
    unit: Array
    """Divides a difference into an effect: standard deviations for ranks, 1 for fractions."""


def compare_numeric(current: Profile, whole: Profile, past: Sequence[Profile], columns: Sequence[str]) -> Compared:
    """Compare where numbers lie and how widely they spread."""
    rows: list[tuple[str, str, Array, float]] = []
    for name in columns:
        reference = whole.columns[name]
        if not isinstance(reference, NumericProfile) or not reference.values:
            continue
        ranks = mid_ranks(reference.counts)
        rows.append((name, "location", ranks, RANKS_PER_SD))
        rows.append((name, "spread", np.abs(2.0 * ranks - 1.0), 2 * RANKS_PER_SD))

    def measure(profile: Profile) -> tuple[Array, Array]:
        values, noise = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        for at, (name, _, weights, _) in enumerate(rows):
            column = profile.columns[name]
            if isinstance(column, NumericProfile) and (total := int(column.counts.sum())):
                values[at] = column.counts @ weights / total
                noise[at] = variance[at] / total
        return values, noise

    variance = np.array([_variance(whole.columns[name], weights) for name, _, weights, _ in rows])
    result, values = _against(measure, current, whole, past, len(rows))
    return Compared(
        tuple(row[0] for row in rows), tuple(row[1] for row in rows), result, values, np.array([row[3] for row in rows])
    )


def compare_categories(
    current: Profile, whole: Profile, past: Sequence[Profile], columns: Sequence[str], most: int = 30
) -> Compared:
    """Compare the share of each frequent category, of all others and of unseen ones."""
    rows: list[tuple[str, str, int]] = []
    for name in columns:
        reference = whole.columns[name]
        if isinstance(reference, CategoricalProfile) and reference.values:
            rows += [(name, category, at) for at, category in enumerate(reference.categories[:most])]
            rows += [(name, "(other)", -2), (name, "(unseen)", -1)]

    def measure(profile: Profile) -> tuple[Array, Array]:
        values, noise = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        for at, (name, _, position) in enumerate(rows):
            column = profile.columns[name]
            if isinstance(column, CategoricalProfile) and column.values:
                values[at] = _category_rows(column, position, most) / column.values
                share = expected[at]
                noise[at] = max(share * (1.0 - share), 0.5 / column.values) / column.values
        return values, noise

    expected = np.array([_expected(whole.columns[name], position, most) for name, _, position in rows])
    result, values = _against(measure, current, whole, past, len(rows), floor=0.01)
    return Compared(tuple(row[0] for row in rows), tuple(row[1] for row in rows), result, values, np.ones(len(rows)))


def mid_ranks(counts: NDArray[np.int64]) -> Array:
    """Return the rank, from 0 to 1, that a value of each bin has among all."""
    total = max(int(counts.sum()), 1)
    ranks: Array = (np.cumsum(counts) - counts / 2.0) / total
    return ranks


def one_value_per_window(past: Sequence[Profile], name: str) -> bool:
    """Whether windows hold only one value each in this column, as calendar columns do.

    Then a window is one observation of it, and a value that has not been seen before is no news.
    """
    single = [_largest_share(profile, name) >= 0.99 for profile in past]
    distinct = {_mode(profile, name) for profile in past}
    return len(single) >= 4 and float(np.mean(single)) >= 0.8 and len(distinct) > 1


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


def _expected(column: object, position: int, most: int) -> float:
    if not isinstance(column, CategoricalProfile) or not column.values:
        return 0.0
    return _category_rows(column, position, most) / column.values


def _against(
    measure: object, current: Profile, whole: Profile, past: Sequence[Profile], entries: int, floor: float = 0.01
) -> tuple[Moderated, Array]:
    assert callable(measure)  # noqa: S101  narrows for the type checker
    values, noise = measure(current)
    measured = [measure(profile) for profile in past]
    history = np.array([one[0] for one in measured]).reshape(len(past), entries)
    history_noise = np.array([one[1] for one in measured]).reshape(len(past), entries)
    centre, centre_noise = measure(whole)
    result = moderated_z(history, history_noise, values, noise, floor=floor, whole=centre, whole_noise=centre_noise)
    return result, values
