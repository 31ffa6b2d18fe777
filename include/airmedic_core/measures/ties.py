"""Says how well each column follows from the others, before and now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.comparison.rows import sample
from airmedic_core.measures.column_statistics import one_value_per_window
from airmedic_core.measures.outliers import extreme_columns
from airmedic_core.metrics import Array
from airmedic_core.profile.values import category_names, numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext

_MOST_ROWS = 20_000
"""Rows of the window that are looked at, evenly spread: an explained variance is then known to 0.01."""
_LEAST_TIE = 0.25
"""Variance of a column that the others must explain for a tie to be one that can break."""
_LONGER = 1.5
"""Residuals that have grown by less, as a mean of squares, may be those of an unusual day."""
_PARTS = 8
"""Parts into which the reference is split, to see how ties wander without any fault."""
_DUMMIES = 8
"""Categories of a column that are told apart: rarer ones explain little."""
_RIDGE = 1e-2
"""Added to the variances, which are 1, so that columns that follow from each other do not make the inverse explode."""
_SLICES = 10
"""Slices into which rows are sorted, to weight those of the reference like those of today."""
_SOME_TIE = 0.05
"""Variance that the others must explain before they can say anything of a column's move."""
_MOVED_ALONG = 1 / 3
"""Share of the move that the other columns would show if rows had been picked by this one, from which they count as
having moved along. Where a column is converted, they do not move at all."""
_SATURATED = 0.25
"""Variance of a column's ranks beside the reference's: what lies beyond the reference has one rank, and no tie."""
_ELSEWHERE = 0.35
"""Standard deviations by which a column's mean rank moved: a tenth of the ranks."""
_STILL_TIED = 0.5
"""Share of the variance explained before that must still be explained once the relation is fitted anew, for a column to
belong to its rows. Exchanging the values of half of the rows leaves a quarter."""


def broken_ties(context: CheckContext, reference: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    """Yield the columns whose values no longer follow from the others as they did.

    Each column is regressed on all others by the inverse covariance of their ranks. A narrower range of inputs lowers
    the explained variance too, but leaves the size of the residuals as it was; both must have got worse. Where inputs
    moved, a tie is held against what it is on those rows of the reference that lie where today's do, by the column's
    own values and by what the others say of it: a selection of rows by either changes how much is explained, but breaks
    nothing.

    Yields
    ------
    tuple of str, float and float
        The column, the least variance explained in any part of the reference, on rows that lie where today's do, and
        the variance explained now.
    """
    rows = Ties(context, reference).rows
    if rows is None:
        return
    names, before, now, residual = rows
    parts = _parts_of(before)
    past = np.array([_explained(part, residual) for part in parts])
    sizes = np.array([((part @ residual) ** 2).mean(axis=0) for part in parts])
    explained, size = _explained(now, residual), ((now @ residual) ** 2).mean(axis=0)
    for at, name in enumerate(names):
        least = float(past[:, at].min())
        if least < _LEAST_TIE or explained[at] >= least or size[at] <= _LONGER * sizes[:, at].max():
            continue
        least = min(least, *(_explained_there(before, now, residual[:, at], at, how) for how in ("value", "others")))
        if least >= _LEAST_TIE and not _moved_with_its_tie(now, at, least):
            yield name, least, max(float(explained[at]), 0.0)


class Ties:
    """The ties between the columns of a window and its reference; rows are encoded once, when first asked for."""

    def __init__(self, context: CheckContext, reference: pd.DataFrame) -> None:
        self._context, self._reference = context, reference

    @cached_property
    def rows(self) -> tuple[list[str], Array, Array, Array] | None:
        """The numbers' names, the standardised rows of the reference and of today, and each column's residual."""
        context, reference = self._context, self._reference
        encode = _Encoder(context, reference)
        if len(encode.numeric) < 2:
            return None
        before = encode(reference)
        # Rows with several extreme values are judged as a whole elsewhere.
        current = context.frame[extreme_columns(context.reference.whole, context.frame) < 3]
        if len(current) < 100 or len(before) < 400:
            return None
        now = encode(sample(current, _MOST_ROWS))
        centre, scale = before.mean(axis=0), np.maximum(before.std(axis=0), 1e-6)
        before, now = (before - centre) / scale, (now - centre) / scale
        precision = np.linalg.inv(before.T @ before / len(before) + _RIDGE * np.eye(before.shape[1]))
        return encode.numeric, before, now, precision / np.diag(precision)

    def others_moved_along(self, name: str) -> bool:
        """Return whether what the other columns say of a column moved with it, as where rows are picked by it.

        A selection of rows by a column moves what the others say of it by the variance that they explain; a conversion
        of the column leaves them where they were. Without ties nothing can be said.
        """
        if self.rows is None or name not in self.rows[0]:
            return False
        names, before, now, residual = self.rows
        at = names.index(name)
        explained = float(_explained(before, residual)[at])
        moved = float(now[:, at].mean())
        said = float((now[:, at] - now @ residual[:, at]).mean())
        usual = [float((part[:, at] - part @ residual[:, at]).mean()) for part in _parts_of(before)]
        along = said * moved > 0 and abs(said) > _MOVED_ALONG * explained * abs(moved)
        return explained >= _SOME_TIE and along and abs(said) > 3.0 * float(np.std(usual))


def _parts_of(rows: Array) -> list[Array]:
    return [part for part in np.array_split(rows, _PARTS) if len(part) > 50]


def _explained(rows: Array, residual: Array) -> Array:
    left = (rows @ residual).var(axis=0)
    variance = rows.var(axis=0)
    explained: Array = 1.0 - left / np.maximum(variance, 1e-6)
    return explained


def _moved_with_its_tie(rows: Array, at: int, least: float) -> bool:
    """Return whether a column went elsewhere and kept its rows, or left the ranks of the reference altogether.

    A damaged join puts other rows' values into a row, and leaves the column as a whole where it was.
    """
    values = rows[:, at]
    if float(values.var()) < _SATURATED:
        return True
    return abs(float(values.mean())) > _ELSEWHERE and _explained_anew(rows, at) >= _STILL_TIED * least


def _explained_anew(rows: Array, at: int) -> float:
    """Return the variance of a column that the others explain once their relation is fitted to these rows themselves.

    Values that no longer belong to their rows follow from nothing. A sensor that ages, or weather that turned cold,
    has another relation to its neighbours, but has one: each half of the rows is predicted from the other half.
    """
    others = np.delete(rows, at, axis=1)
    halves = np.arange(len(rows)) % 2 == 0
    left = np.empty(len(rows))
    for fitted in (halves, ~halves):
        inputs, values = others[fitted], rows[fitted, at]
        centre, mean = inputs.mean(axis=0), values.mean()
        covariance = (inputs - centre).T @ (inputs - centre) / len(inputs) + _RIDGE * np.eye(inputs.shape[1])
        weights = np.linalg.solve(covariance, (inputs - centre).T @ (values - mean) / len(inputs))
        left[~fitted] = rows[~fitted, at] - mean - (others[~fitted] - centre) @ weights
    return float(1.0 - (left**2).mean() / max(float(rows[:, at].var()), 1e-6))


def _explained_there(before: Array, now: Array, residual: Array, at: int, how: str) -> float:
    """Return the variance explained of the reference's rows, weighted to lie where today's do."""
    left, left_now = before @ residual, now @ residual
    values, values_now = before[:, at], now[:, at]
    # What a column's residual leaves of it is what the others say.
    by, by_now = (values, values_now) if how == "value" else (values - left, values_now - left_now)
    cuts = np.unique(np.quantile(by, np.linspace(0, 1, _SLICES + 1)[1:-1]))
    slices, slices_now = np.searchsorted(cuts, by), np.searchsorted(cuts, by_now)
    rows, rows_now = (np.bincount(sliced, minlength=len(cuts) + 1) for sliced in (slices, slices_now))
    weights = (rows_now / np.maximum(rows, 1))[slices]
    if not weights.any():
        return 0.0
    spread, spread_left = (np.cov(series, aweights=weights, ddof=0) for series in (values, left))
    return float(1.0 - spread_left / max(float(spread), 1e-6))


class _Encoder:
    """Numbers as ranks among the reference's, frequent categories as one column each."""

    def __init__(self, context: CheckContext, reference: pd.DataFrame) -> None:
        edges = context.profile.edges
        missing = context.profile.missing
        past = context.past_profiles
        # A calendar column ties others to windows that are gone: the next month has had no rows yet.
        watched = [
            name
            for name in (*edges.numeric, *edges.categorical)
            if name in reference and name not in missing and not one_value_per_window(past, name)
        ]
        self.numeric = [name for name in edges.numeric if name in watched]
        self._sorted = {name: np.sort(_finite(reference[name])) for name in self.numeric}
        self.numeric = [name for name in self.numeric if self._sorted[name].size]
        self._categories = [
            (name, value)
            for name, known in edges.categorical.items()
            if name in watched
            for value in known.top[:_DUMMIES]
        ]

    def __call__(self, frame: pd.DataFrame) -> Array:
        columns = []
        for name in self.numeric:
            known = self._sorted[name]
            values = numbers(frame[name])[0]
            ranks = (known.searchsorted(values, "left") + known.searchsorted(values, "right")) / (2.0 * known.size)
            columns.append(np.where(np.isfinite(values), ranks, 0.5))
        text: dict[str, NDArray[np.object_]] = {}
        for name, value in self._categories:
            if name not in text:
                text[name] = category_names(frame[name])
            columns.append((text[name] == value).astype(float))
        return np.column_stack(columns)


def _finite(values: pd.Series) -> Array:
    read = numbers(values)[0]
    return read[np.isfinite(read)]
