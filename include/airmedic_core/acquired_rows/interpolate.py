"""Rows that resemble moved inputs: drawn where labelled rows are rare, and moved towards real neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.acquired_rows.space import Space

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.inputs import Inputs

MARK = "airmedic_acquired"
"""The column that marks acquired rows: true in each of them. No model takes it."""
_NEIGHBOURS = 5
"""A row is moved towards one of so many neighbours, as in SMOTE (Chawla et al. 2002)."""
_FEW_VALUES = 50
"""Whole numbers of so few distinct values are codes as often as amounts, such as a weekday: they are not moved."""
_LARGEST_RATIO = 20.0
"""No row counts for more than so many: a ratio of densities has no bound where one of them is nearly 0."""


def density_ratios(labelled: NDArray[np.float64], moved: NDArray[np.float64], *, seed: int) -> NDArray[np.float64]:
    """Return for each moved row how much denser the moved rows lie there than the labelled ones, with a mean of 1.

    A classifier that tells both apart gives the ratio (Bickel, Brückner and Scheffer 2009, *JMLR* 10). Each row is
    judged by one that has not seen it.

    Parameters
    ----------
    labelled, moved : numpy.ndarray
        Coordinates, one line for each row.
    seed : int
        The same one gives the same ratios.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    both = np.vstack([labelled, moved])
    side = np.repeat([0, 1], [len(labelled), len(moved)])
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    classifier = LogisticRegression(max_iter=1000)
    odds = cross_val_predict(classifier, both, side, cv=folds, method="predict_proba")[len(labelled) :, 1]
    odds = np.clip(odds, 1e-6, 1 - 1e-6)
    ratios = np.minimum(odds / (1 - odds) * len(labelled) / len(moved), _LARGEST_RATIO)
    weights: NDArray[np.float64] = ratios / ratios.mean()
    return weights


def interpolated(
    moved: pd.DataFrame, inputs: Inputs, space: Space, weights: NDArray[np.float64], *, count: int, seed: int
) -> pd.DataFrame:
    """Return made rows: each is a real one whose numbers are moved towards those of a real neighbour.

    Its categories, its codes, its time and all else are those of the real row, together as they occurred: no category
    and no combination of categories is invented. A number that is missing in one of both stays as it is.

    Parameters
    ----------
    moved : pandas.DataFrame
        Real rows of the inputs that have moved.
    inputs : Inputs
        Which columns are numbers, and which are categories.
    space : Space
        The space in which neighbours are near.
    weights : numpy.ndarray
        How often each row is drawn, as multiples of the mean.
    count : int
        How many rows to make.
    seed : int
        The same one makes the same rows.
    """
    from sklearn.neighbors import NearestNeighbors

    random = np.random.default_rng(seed)
    prepared = inputs.prepare(moved)
    coordinates = space.coordinates(prepared)
    drawn = random.choice(len(moved), size=count, p=weights / weights.sum())
    near = min(_NEIGHBOURS + 1, len(moved))
    _, neighbours = NearestNeighbors(n_neighbors=near).fit(coordinates).kneighbors(coordinates[drawn])
    # The first neighbour of a row is the row itself.
    towards = neighbours[np.arange(count), random.integers(min(1, near - 1), near, size=count)]
    part = random.random(count)
    made = moved.iloc[drawn].reset_index(drop=True)
    for name in inputs.numeric:
        values = prepared[name].to_numpy(dtype=float)
        own, other = values[drawn], values[towards]
        whole = _whole(values)
        if whole and len(np.unique(values[np.isfinite(values)])) <= _FEW_VALUES:
            continue
        between = own + part * (other - own)
        between = np.where(np.isfinite(between), between, own).astype(np.float64)
        made[name] = _like(moved[name], np.round(between) if whole else between)
    made[MARK] = True
    return made


def _whole(values: NDArray[np.float64]) -> bool:
    known = values[np.isfinite(values)]
    return bool((known == np.round(known)).all())


def _like(column: pd.Series, values: NDArray[np.float64]) -> Any:
    """Return values in the type of the column that they come from, where that can hold them."""
    import pandas as pd

    made = pd.Series(values)
    return made.astype(column.dtype) if pd.api.types.is_integer_dtype(column.dtype) and made.notna().all() else made
