"""Inputs as boosted trees ask about them: each value as the number of the bin that it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.inputs import Inputs
from airmedic_core.metrics import Array
from airmedic_core.pair.boosted_trees import Codes

if TYPE_CHECKING:
    import pandas as pd

_BINS = 64
"""Questions about a column. Twice as many make trees no better, and slower."""
_USUAL_ROWS = 20
"""Rows at the mean of the target that are added to those of each category, so that a category of a few rows is not
placed at an extreme by chance."""
_MISSING = 0
"""The bin of what is missing, and of a category that was not there before."""


@dataclass(frozen=True)
class CodedInputs:
    """Says where the bins of each input begin, as cut from the rows that a model is fitted on."""

    inputs: Inputs
    edges: dict[str, Array]
    """Number → the edges of its bins, lowest first."""
    places: dict[str, tuple[pd.Index, NDArray[np.uint8]]]
    """Category → its names, and the bin of each; the last one is that of names that are not there."""

    @classmethod
    def cut(cls, inputs: Inputs, prepared: pd.DataFrame, truth: Array) -> CodedInputs:
        """Return the bins of rows.

        Parameters
        ----------
        inputs : Inputs
            The columns.
        prepared : pandas.DataFrame
            The rows that a model is fitted on, as the inputs prepare them.
        truth : array of float, shape (outputs, rows)
            The target: values, or whether a row is of a class. Categories are placed by it, so that one question parts
            those of high values from those of low ones (Breiman et al., 1984).
        """
        edges = {name: _edges(prepared[name].to_numpy(dtype=np.float64)) for name in inputs.numeric}
        return cls(inputs, edges, {name: _places(prepared[name], truth) for name in inputs.categorical})

    def codes(self, prepared: pd.DataFrame) -> Codes:
        """Return the bin of each value of prepared rows, shape (columns, rows)."""
        codes = np.empty((len(self.inputs.columns), len(prepared)), dtype=np.uint8)
        for row, name in zip(codes, self.inputs.columns, strict=True):
            if name in self.places:
                names, places = self.places[name]
                row[:] = places[names.get_indexer(_objects(prepared[name]))]
            else:
                values = prepared[name].to_numpy(dtype=np.float64)
                row[:] = np.searchsorted(self.edges[name], values) + 1
                row[np.isnan(values)] = _MISSING
        return codes


def _edges(values: Array) -> Array:
    """Return edges half-way between values where they are few, and at quantiles otherwise."""
    present = np.sort(values[np.isfinite(values)])
    different = present[np.flatnonzero(np.diff(present, prepend=-np.inf))]
    if len(different) <= _BINS:
        return np.asarray((different[1:] + different[:-1]) / 2)
    return np.unique(present[np.arange(1, _BINS) * len(present) // _BINS])


def _places(column: pd.Series, truth: Array) -> tuple[pd.Index, NDArray[np.uint8]]:
    """Return the names of a category and the bin of each, in the order of the target; bins hold about as many rows."""
    import pandas as pd

    numbers, names = pd.factorize(_objects(column))
    present = numbers >= 0
    rows = np.bincount(numbers[present], minlength=len(names))
    sums = np.array([np.bincount(numbers[present], weights=output[present], minlength=len(names)) for output in truth])
    usual = truth.mean(axis=1, keepdims=True)
    order = np.argsort(_along(sums + _USUAL_ROWS * usual, rows + _USUAL_ROWS), kind="stable")
    bins = np.arange(len(names))
    if len(names) > _BINS:
        middle = np.cumsum(rows[order]) - rows[order] / 2
        bins = (middle / max(rows.sum(), 1) * _BINS).astype(int)
    places = np.full(len(names) + 1, _MISSING, dtype=np.uint8)
    places[order] = bins + 1
    return names, places


def _along(sums: Array, rows: NDArray[Any]) -> Array:
    """Return one number for each category: its mean, or of many classes where its mix lies on their main axis.

    The axis is the first principal component of the mixes (Coppersmith, Hong and Hosking, 1999).
    """
    means = sums / rows
    if len(means) == 1:
        return np.asarray(means[0])
    centred = means - np.average(means, axis=1, weights=rows)[:, None]
    axis = np.linalg.eigh(centred * rows @ centred.T)[1][:, -1]
    return np.asarray(axis @ centred)


def _objects(column: pd.Series) -> pd.Index:
    import pandas as pd

    return pd.Index(column, dtype=object)
