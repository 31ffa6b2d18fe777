"""How well each column follows from the others, before and now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks._outliers import extreme_columns
from airmedic_core.checks._statistics import one_value_per_window
from airmedic_core.metrics import Array
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.checks import CheckContext

_LEAST_TIE = 0.25
_PARTS = 8
_DUMMIES = 8
_RIDGE = 1e-2


def broken_ties(context: CheckContext, reference: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    """Yield the columns whose values no longer follow from the others as they did.

    Each column is regressed on all others by the inverse covariance of their ranks. A narrower range of inputs lowers
    the explained variance too, but leaves the size of the residuals as it was; both must have got worse.

    Yields
    ------
    tuple of str, float and float
        The column, the least variance explained in any part of the reference, and the variance explained now.
    """
    encode = _Encoder(context, reference)
    if len(encode.numeric) < 2:
        return
    before = encode(reference)
    # Rows with several extreme values are judged as a whole elsewhere.
    current = context.frame[extreme_columns(context.reference.whole, context.frame) < 3]
    if len(current) < 100 or len(before) < 400:
        return
    now = encode(current)
    centre, scale = before.mean(axis=0), np.maximum(before.std(axis=0), 1e-6)
    before, now = (before - centre) / scale, (now - centre) / scale
    precision = np.linalg.inv(before.T @ before / len(before) + _RIDGE * np.eye(before.shape[1]))
    residual = precision / np.diag(precision)
    parts = [part for part in np.array_split(before, _PARTS) if len(part) > 50]
    past = np.array([_explained(part, residual) for part in parts])
    sizes = np.array([((part @ residual) ** 2).mean(axis=0) for part in parts])
    explained, size = _explained(now, residual), ((now @ residual) ** 2).mean(axis=0)
    for at, name in enumerate(encode.numeric):
        least = float(past[:, at].min())
        if least >= _LEAST_TIE and explained[at] < least and size[at] > 1.5 * sizes[:, at].max():
            yield name, least, max(float(explained[at]), 0.0)


def _explained(rows: Array, residual: Array) -> Array:
    left = (rows @ residual).var(axis=0)
    variance = rows.var(axis=0)
    explained: Array = 1.0 - left / np.maximum(variance, 1e-6)
    return explained


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


def category_names(values: pd.Series) -> NDArray[np.object_]:
    """Return the category of each row by the name under which it is counted."""
    import pandas as pd

    from airmedic_core.columns import category_name

    codes, levels = pd.factorize(values.astype(object))
    names = np.array([category_name(level) for level in levels] + [""], dtype=object)
    found: NDArray[np.object_] = names[codes]
    return found


def _finite(values: pd.Series) -> Array:
    read = numbers(values)[0]
    return read[np.isfinite(read)]
