"""Rows whose values slid into the next column: what stands under a name belongs to the name beside it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.schema.options import LIMITS
from airmedic_core.columns import category_name
from airmedic_core.profile.values import levels, numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext
    from airmedic_core.metrics import Array

_CLIP = (-LIMITS.slid_most, LIMITS.slid_most)
_Likelihoods = dict[str, "_Likelihood"]


@dataclass(frozen=True)
class Slid:
    """Rows that slid."""

    steps: int
    """By how many columns: 1 to the next name, -1 to the one before."""
    share: float
    """Of the window's rows."""
    usual: float
    """Of the reference's rows that look so."""
    first: str
    """The first column that holds the values of another one, in most of these rows."""


def slid_rows(context: CheckContext) -> Slid | None:
    """Return the rows in which columns hold the values of their neighbours; None where there are no more than usual.

    For each row the likelihood of its values under the names that they have is held against that under the names
    beside them, in some columns that follow each other, as a separator too many or too few leaves them. A row counts
    where several columns say so, and rows between the two are few: where inputs move, most rows lie between.

    Parameters
    ----------
    context : CheckContext
        The window.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> slid_rows(example_context()) is None
    True
    """
    from airmedic_core.comparison.rows import sample

    reference, frame = context.reference_rows, sample(context.frame)
    names = [str(name) for name in frame.columns if name in context.features]
    if reference is None or len(names) < LIMITS.slid_columns or any(name not in reference for name in names):
        return None
    if len(reference) < LIMITS.slid_reference_rows or not len(frame):
        return None
    known = {name: _Likelihood(context, name, reference) for name in names}
    own_before, own_now = ({name: known[name].logs(rows[name]) for name in names} for rows in (reference, frame))
    for steps in (1, -1):
        usually = _ratios(reference, own_before, known, steps)
        # What some rows of the reference look like, too, is no evidence.
        most = np.maximum(np.quantile(usually, LIMITS.slid_usual, axis=0), 0.0)
        now, starts = _best_stretch(np.clip(_ratios(frame, own_now, known, steps) - most, *_CLIP))
        before, _ = _best_stretch(np.clip(usually - most, *_CLIP))
        share, usual = float((now > LIMITS.slid_evidence).mean()), float((before > LIMITS.slid_evidence).mean())
        between = float(_between(now).mean()) - float(_between(before).mean())
        noise = LIMITS.errors * (max(usual, 1.0 / len(before)) / len(now)) ** 0.5
        if share > LIMITS.slid_most_rows:
            # Two columns may have been converted, in all rows: three must say so.
            share = float((now > LIMITS.slid_evidence_of_all).mean())
        enough = share - usual > max(LIMITS.slid_fraction, noise) and share * len(now) >= LIMITS.varied_rows
        if (
            enough
            and between <= LIMITS.slid_between * share
            and (
                between <= LIMITS.slid_hardly_between * share
                or not _others_moved(
                    frame[now <= LIMITS.slid_evidence], reference, [name for name in names if known[name].numeric]
                )
            )
        ):
            place = int(np.bincount(starts[now > LIMITS.slid_evidence]).argmax())
            return Slid(steps, share, usual, names[place])
    return None


def _others_moved(rows: pd.DataFrame, reference: pd.DataFrame, names: list[str]) -> bool:
    """Say whether the rows that did not slide have moved, too: a whole column is elsewhere, such as in another unit."""
    from airmedic_core.verdicts.two_samples import ks_distance

    if len(rows) < LIMITS.column_rows:
        return False
    for name in names:
        now, before = (values[np.isfinite(values)] for values in (numbers(rows[name])[0], numbers(reference[name])[0]))
        if now.size and before.size and ks_distance(now, before) > LIMITS.slid_others:
            return True
    return False


def _between(evidence: Array) -> NDArray[np.bool_]:
    return (evidence > 0) & (evidence <= LIMITS.slid_evidence)


def _ratios(rows: pd.DataFrame, own: dict[str, Array], known: _Likelihoods, steps: int) -> Array:
    """Return how much likelier each value is in the column beside its own, as logarithms."""
    names = list(own)
    columns = []
    for at, name in enumerate(names):
        beside = names[(at - steps) % len(names)]
        there, here = known[beside].logs(rows[name]), own[name]
        # What is in neither column, such as a code, says nothing of either.
        ratio = np.nan_to_num(np.where(known[beside].has(there), there - here, np.minimum(there - here, 0.0)))
        comparable = known[beside].numeric == known[name].numeric
        # A density and a share are not on one scale: there it only counts which of the two a value can be at all.
        columns.append(ratio if comparable else np.sign(np.round(ratio / _IMPOSSIBLE)) * LIMITS.slid_most)
    return np.column_stack(columns)


def _best_stretch(ratios: Array) -> tuple[Array, NDArray[np.intp]]:
    """Return for each row the largest sum of neighbouring columns, and the first of these."""
    sums = np.cumsum(np.column_stack([np.zeros(len(ratios)), ratios]), axis=1)
    best, first = np.full(len(ratios), -np.inf), np.zeros(len(ratios), np.intp)
    start, least = np.zeros(len(ratios), np.intp), np.full(len(ratios), np.inf)
    for end in range(LIMITS.slid_columns, sums.shape[1]):
        begin = end - LIMITS.slid_columns
        lower = sums[:, begin] < least
        least, start = np.where(lower, sums[:, begin], least), np.where(lower, begin, start)
        better = sums[:, end] - least > best
        best, first = np.where(better, sums[:, end] - least, best), np.where(better, start, first)
    return best, first


_IMPOSSIBLE = 20.0
"""Logarithm by which a value that a column never had is less likely than one in the middle of it."""
_BINS = 64
"""Bins of equal shares that a density is taken from."""


class _Likelihood:
    """Says how likely a value is in a column, by the rows of the reference."""

    def __init__(self, context: CheckContext, name: str, reference: pd.DataFrame) -> None:
        self.numeric = name in context.reference.edges.numeric
        if self.numeric:
            values = numbers(reference[name])[0]
            values = np.sort(values[np.isfinite(values)])
            self._edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1))) if values.size else values
            if self._edges.size > 1:
                counts, _ = np.histogram(values, self._edges)
                self._logs = np.log((counts + 0.5) / (values.size + 0.5 * counts.size) / np.diff(self._edges))
            self._lowest = float(self._logs.min()) - _IMPOSSIBLE if self._edges.size > 1 else 0.0
            return
        codes, names = levels(reference[name])
        rows_of: dict[str, int] = {}
        # Missing values have the code -1, and count under the last name; names may repeat, such as those of 1 and "1".
        by_level = np.bincount(codes % (len(names) + 1), minlength=len(names) + 1)
        for level, rows in zip([*names, ""], by_level.tolist(), strict=True):
            if rows:
                rows_of[level] = rows_of.get(level, 0) + rows
        self._names = {level: float(np.log(rows / len(codes))) for level, rows in rows_of.items()}
        self._lowest = min(self._names.values(), default=0.0) - _IMPOSSIBLE

    def has(self, logs: Array) -> NDArray[np.bool_]:
        """Return which values the column has had, by the logarithms of their likelihood."""
        return np.asarray(logs > self._lowest)

    def _logs_of_numbers(self, read: Array) -> Array:
        """Return the same for numbers: to find the name of each, one by one, takes longer than all else."""
        logs = np.where(np.isnan(read), np.nan, self._lowest)
        for level, log in self._names.items():
            with suppress(ValueError):
                if category_name(float(level)) == level:
                    logs[read == float(level)] = log
        return logs

    def logs(self, values: pd.Series) -> Array:
        """Return the logarithm of the likelihood of each value; not-a-number where it is missing."""
        if not self.numeric:
            if values.dtype == np.float64:
                return self._logs_of_numbers(values.to_numpy())
            codes, names = levels(values)
            by_level = [np.nan if name in {"", "nan"} else self._names.get(name, self._lowest) for name in [*names, ""]]
            return np.array(by_level)[codes]
        read = numbers(values)[0]
        if self._edges.size < 2:
            return np.full(len(read), np.nan)
        place = np.searchsorted(self._edges, read, side="right") - 1
        place[read == self._edges[-1]] = self._logs.size - 1
        inside = (place >= 0) & (place < self._logs.size)
        logs = np.where(inside, self._logs[np.clip(place, 0, self._logs.size - 1)], self._lowest)
        missing = np.isnan(read) & np.asarray(values.isna())
        return np.where(missing, np.nan, logs)
