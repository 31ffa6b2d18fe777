"""Groups of rows in another unit: one country's amounts in pence, where all other rows are as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks._ties import category_names
from airmedic_core.metrics import Array
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.checks import CheckContext
    from airmedic_core.checks._conversions import Map

_LEAST_ROWS, _LEAST_PAST = 20, 100
_MOST_GROUPS = 30
_MOVED = 0.5
_LEFT = 0.25
_REST = 0.15
_RANKS = 0.1
"""A group that moved by less among all values has not moved far; it is cheap to know."""
_LEAST_FACTOR = 5.0
"""Smaller ones may be a price list of one group."""
_LEAST_VALUES = 8


class ConvertedGroup(NamedTuple):
    """The rows of one category that a map converted."""

    group: str
    share: float
    one: Map
    before: float
    after: float


class Groups:
    """Which group each row is of, now and in the reference, for every column of categories."""

    def __init__(self, context: CheckContext, past: pd.DataFrame) -> None:
        self.past, self.frame = past, context.frame
        self._codes = []
        for column, known in context.profile.edges.categorical.items():
            if column in past and column in context.frame and column not in context.profile.missing:
                names = known.top[:_MOST_GROUPS]
                position = {value: at for at, value in enumerate(names)}
                codes = [
                    np.array(
                        [position.get(value, len(names)) for value in category_names(frame[column])], dtype=np.intp
                    )
                    for frame in (context.frame, past)
                ]
                self._codes.append((column, names, codes[0], codes[1]))

    def moved(self, now: Array, usual: Array) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]]:
        """Yield the groups whose mean rank among all values moved far, with their rows now and in the reference."""
        ordered = _sorted(usual)
        ranks, usual_ranks = (np.nan_to_num(ordered.searchsorted(each) / len(ordered)) for each in (now, usual))
        for column, names, codes, past_codes in self._codes:
            rows, past_rows = (np.bincount(each, minlength=len(names) + 1) for each in (codes, past_codes))
            mean = np.bincount(codes, ranks, len(names) + 1) / np.maximum(rows, 1)
            usual_mean = np.bincount(past_codes, usual_ranks, len(names) + 1) / np.maximum(past_rows, 1)
            far = (np.abs(mean - usual_mean) >= _RANKS) & (rows >= _LEAST_ROWS) & (past_rows >= _LEAST_PAST)
            for at in np.flatnonzero(far[: len(names)]):
                yield f"{column}={names[at]}", codes == at, past_codes == at


def converted_group(groups: Groups, name: str, maps: Iterable[Map]) -> ConvertedGroup | None:
    """Return the group of rows whose values of a column are all converted, while those of all others are as before.

    A group moves far (Kolmogorov–Smirnov), the other rows do not, and one of the known factors brings it back to where
    it was. Only factors of five and more count, and maps with an offset: one group may have become dearer.
    """
    if name not in groups.past or name not in groups.frame:
        return None
    now, usual = numbers(groups.frame[name])[0], numbers(groups.past[name])[0]
    if not np.isfinite(now).any() or not np.isfinite(usual).any():
        return None
    likely = [one for one in maps if one.offset or not 1 / _LEAST_FACTOR < abs(one.factor) < _LEAST_FACTOR]
    for group, inside, inside_past in groups.moved(now, usual):
        mine, before = _sorted(now[inside]), _sorted(usual[inside_past])
        rest, rest_before = _sorted(now[~inside]), _sorted(usual[~inside_past])
        if min(len(mine), len(rest)) < _LEAST_ROWS or len(np.unique(before)) < _LEAST_VALUES:
            continue
        moved, rest_moved = _distance(mine, before), _distance(rest, rest_before)
        if moved < _MOVED or rest_moved > max(_REST, 1.36 / len(rest) ** 0.5):
            continue
        after, at = min((_distance(_sorted(one.back(mine)), before), at) for at, one in enumerate(likely))
        noise = 1.36 * (1.0 / len(mine) + 1.0 / len(before)) ** 0.5
        if after <= min(max(_LEFT * moved, noise), 0.5 * moved):
            return ConvertedGroup(group, len(mine) / len(now), likely[at], moved, after)
    return None


def _sorted(values: Array) -> Array:
    return np.sort(values[np.isfinite(values)])


def _distance(one: Array, other: Array) -> float:
    points = np.concatenate([one, other])
    upto = (
        one.searchsorted(points, "right") / max(len(one), 1),
        other.searchsorted(points, "right") / max(len(other), 1),
    )
    return float(np.abs(upto[0] - upto[1]).max(initial=0.0))
