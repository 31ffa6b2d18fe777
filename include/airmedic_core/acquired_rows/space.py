"""The space in which rows are near or far: numbers in units of their spread, categories as equal or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.inputs import Inputs

_MOST_CATEGORIES = 40
"""Categories of a column that get a dimension of their own, the most frequent first. All others are one: it bounds the
width of what is searched, and rare categories are far from each other anyway."""
_HALF = float(np.sqrt(0.5))
"""Two rows of different categories differ in two dimensions, and lie at a distance of 1 in that column."""


@dataclass(frozen=True, eq=False)
class Space:
    """Coordinates for rows, fitted to labelled ones.

    Distances are Gower's idea in Euclidean form: each column of numbers counts in units of its standard deviation, and
    each column of categories counts as 0 or 1 (Gower 1971, *Biometrics* 27).
    """

    numeric: tuple[str, ...]
    middles: NDArray[np.float64]
    spreads: NDArray[np.float64]
    categories: tuple[tuple[str, tuple[str, ...]], ...]
    """Column of categories → those with a dimension of their own."""

    @classmethod
    def of(cls, prepared: pd.DataFrame, inputs: Inputs) -> Self:
        """Fit the space to prepared rows.

        Parameters
        ----------
        prepared : pandas.DataFrame
            Rows as :meth:`airmedic_core.inputs.Inputs.prepare` returns them.
        inputs : Inputs
            Which columns are numbers, and which are categories.
        """
        numbers = prepared[list(inputs.numeric)].to_numpy(dtype=float)
        middles, spreads = np.zeros(numbers.shape[1]), np.ones(numbers.shape[1])
        for place, values in enumerate(numbers.T):
            known = values[np.isfinite(values)]
            if known.size:
                middles[place], spreads[place] = np.median(known), known.std() or 1.0
        categories = tuple(
            (name, tuple(map(str, prepared[name].dropna().value_counts().index[:_MOST_CATEGORIES])))
            for name in inputs.categorical
        )
        return cls(inputs.numeric, middles, spreads, categories)

    def coordinates(self, prepared: pd.DataFrame) -> NDArray[np.float64]:
        """Return the coordinates of prepared rows, one line for each. What is missing lies in the middle."""
        numbers = (prepared[list(self.numeric)].to_numpy(dtype=float) - self.middles) / self.spreads
        parts = [np.where(np.isfinite(numbers), numbers, 0.0)]
        for name, known in self.categories:
            values = prepared[name].fillna("").astype(str).to_numpy(dtype=object)
            places = {category: place for place, category in enumerate(known)}
            columns = np.array([places.get(value, len(known)) for value in values], dtype=np.int64)
            own = np.zeros((len(prepared), len(known) + 1))
            own[np.arange(len(prepared)), columns] = _HALF
            parts.append(own)
        return np.hstack(parts)
