"""Labels for made rows: of the nearest labelled rows where they agree, else of two teachers that agree, else none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS, TEACHERS, NOBODY = "neighbours", "teachers", ""
"""Says where a label comes from."""

_NEAREST = 10
"""Labelled rows that are asked."""
_AGREE_SHARE = 0.9
"""Share of these that have to have one class: 9 of 10."""
_AGREE_SPREAD = 0.25
"""Numbers agree where they lie within so much of the target's standard deviation: of the neighbours by their own
standard deviation, of two teachers by their difference."""
_REACH_QUANTILE = 0.9
"""A made row is near its neighbours where they are no farther than for this share of the labelled rows themselves."""
_SURE = 0.8
"""Sets how probable each of the teachers has to find the class that both name."""


@dataclass(frozen=True, eq=False)
class Labeller:
    """Holds what answers for labels, made of labelled rows alone.

    The teachers are of two kinds and share no row: gradient boosting learns from one half of the rows, extremely
    randomised trees from the other. Where both are wrong in the same way, it is not because they saw the same labels.
    """

    nearest: Any
    reach: float
    truth: NDArray[Any]
    teachers: tuple[Any, Any]
    classes: NDArray[Any] | None
    """The classes, in their order; None where the target is a number."""
    spread: float
    """Standard deviation of a target that is a number."""

    def labels(self, coordinates: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a label for each row, and where it comes from: empty where nobody may answer.

        Parameters
        ----------
        coordinates : numpy.ndarray
            The rows' coordinates, one line for each.
        """
        distances, places = self.nearest.kneighbors(coordinates)
        near = distances[:, -1] <= self.reach
        near_answers, near_agree = self._of_neighbours(self.truth[places])
        taught, taught_agree = self._of_teachers(coordinates)
        by_neighbours = near & near_agree
        answers = np.where(by_neighbours, near_answers, taught)
        origin = np.where(by_neighbours, NEIGHBOURS, np.where(taught_agree, TEACHERS, NOBODY))
        return (answers if self.classes is None else self.classes[answers.astype(int)]), origin

    def _of_neighbours(self, labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        if self.classes is None:
            return labels.mean(axis=1), labels.std(axis=1) <= _AGREE_SPREAD * self.spread
        counts = np.stack([(labels == place).sum(axis=1) for place in range(len(self.classes))], axis=1)
        return counts.argmax(axis=1), counts.max(axis=1) >= _AGREE_SHARE * labels.shape[1]

    def _of_teachers(self, coordinates: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        first, second = self.teachers
        if self.classes is None:
            said, confirmed = first.predict(coordinates), second.predict(coordinates)
            return (said + confirmed) / 2, np.abs(said - confirmed) <= _AGREE_SPREAD * self.spread
        said, confirmed = first.predict_proba(coordinates), second.predict_proba(coordinates)
        same = said.argmax(axis=1) == confirmed.argmax(axis=1)
        sure = np.minimum(said.max(axis=1), confirmed.max(axis=1)) >= _SURE
        return said.argmax(axis=1), same & sure


def labeller(coordinates: NDArray[np.float64], truth: NDArray[Any], *, numbers: bool, seed: int) -> Labeller:
    """Return what answers for labels.

    Parameters
    ----------
    coordinates : numpy.ndarray
        Coordinates of the labelled rows, by time, one line for each.
    truth : numpy.ndarray
        Their labels.
    numbers : bool
        Whether the labels are numbers, and not classes.
    seed : int
        The same one makes the same teachers.
    """
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    )
    from sklearn.neighbors import NearestNeighbors

    classes = None
    values: NDArray[Any] = truth.astype(float) if numbers else truth
    if not numbers:
        classes, values = np.unique(truth, return_inverse=True)
    # Neighbours in time are alike: by turns of one row, both halves would hold nearly the same rows.
    half = (np.arange(len(values)) // _TURN) % 2 == 0
    if classes is not None and any(len(np.unique(values[side])) < len(classes) for side in (half, ~half)):
        half = _by_class(values)
    boosting = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    trees = ExtraTreesRegressor if numbers else ExtraTreesClassifier
    teachers = (
        boosting(random_state=seed).fit(coordinates[half], values[half]),
        trees(n_estimators=100, min_samples_leaf=3, random_state=seed).fit(coordinates[~half], values[~half]),
    )
    nearest = NearestNeighbors(n_neighbors=min(_NEAREST, len(values) - 1)).fit(coordinates)
    reach = float(np.quantile(nearest.kneighbors()[0][:, -1], _REACH_QUANTILE))
    return Labeller(nearest, reach, values, teachers, classes, float(np.std(values)) if numbers else 0.0)


_TURN = 24
"""Rows of one turn of a half: a day of hourly rows."""


def _by_class(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a half in which each class has about half of its rows: a rare one may lie in the turns of one half."""
    half = np.zeros(len(values), dtype=bool)
    for place in np.unique(values):
        half[np.flatnonzero(values == place)[::2]] = True
    return half
