"""Makes rows that resemble moved inputs, and labels them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.acquired_rows.interpolate import density_ratios, interpolated
from airmedic_core.acquired_rows.label import NEIGHBOURS, NOBODY, TEACHERS, labeller
from airmedic_core.acquired_rows.space import Space
from airmedic_core.causes import Cause
from airmedic_core.errors import TrainingError
from airmedic_core.records import Json

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.inputs import Inputs
    from airmedic_core.spec import ModelSpec

ORIGIN = "airmedic_label_from"
"""The column that says where a made row's label comes from: ``neighbours`` or ``teachers``."""
_MOST_LABELLED = 20_000
"""Newest labelled rows that are learned from: the search for neighbours grows with each."""
_FEWEST_MOVED = 30
"""Fewer rows do not show where the inputs have moved."""
_FEWEST_LABELLED = 100
"""Two teachers learn from a half each."""
_REHEARSED_FRACTION = 0.2
"""Newest part of the labelled rows on which the labels are rehearsed: what they would have been there is known."""
_LEAST_SKILL = 0.2
"""Made labels have to take so much of the error away that the most frequent class, or the mean, leaves."""


@dataclass(frozen=True, eq=False)
class AcquiredRows:
    """Made rows with their labels. They are for training, and never for evaluation."""

    frame: pd.DataFrame
    """The rows, with the columns ``airmedic_acquired`` and ``airmedic_label_from`` beside those of real rows."""
    made: int
    """Rows that were made, with those that nobody labelled."""
    skill: float
    """Share of the error that labels made in the same way take away on real rows, where they are known."""
    labelled_by: dict[str, int] = field(default_factory=dict)
    """Says where labels come from → rows."""

    @property
    def summary(self) -> str:
        """Return how many rows there are, and where their labels come from: a sentence."""
        told = f"{self.labelled_by.get(NEIGHBOURS, 0):,} by their nearest labelled rows"
        told += f" and {self.labelled_by.get(TEACHERS, 0):,} by two teachers that agree"
        return f"{len(self.frame):,} of {self.made:,} made rows are labelled: {told}."

    def to_json(self) -> Json:
        """Return what is on record of them."""
        return {"rows": len(self.frame), "made": self.made, "skill": round(self.skill, 4), **self.labelled_by}


def require_same_relation(cause: Cause) -> None:
    """Refuse a cause after which labels of the rows before would be wrong, or under which rows are.

    Parameters
    ----------
    cause : Cause
        The cause of the incident.

    Raises
    ------
    TrainingError
        If the relation has changed, the rows are damaged, or nobody knows. A retry does not help.

    Examples
    --------
    >>> require_same_relation(Cause.HARMFUL_COVARIATE_SHIFT)
    >>> require_same_relation(Cause.CONCEPT_DRIFT)
    Traceback (most recent call last):
    ...
    airmedic_core.errors.TrainingError: The cause is concept drift: labels of the relation before are wrong now. …
    """
    traits = cause.traits
    if traits.relation_changed:
        raise TrainingError(
            f"The cause is {cause.words}: labels of the relation before are wrong now.",
            "Retrain on the rows after the change.",
        )
    if not traits.inputs_moved:
        raise TrainingError(
            f"The cause is {cause.words}: rows are made only where inputs have moved and nothing else has.",
            "See what the diagnosis recommends.",
        )


def acquire(
    spec: ModelSpec, inputs: Inputs, labelled: pd.DataFrame, moved: pd.DataFrame, *, count: int, seed: int = 0
) -> AcquiredRows:
    """Make rows that resemble moved inputs, and label them by the relation that real rows show.

    Use it where the inputs have moved to a place that few labelled rows are of, and the relation is as before. What
    nobody can label is dropped.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    inputs : Inputs
        The columns that the model takes.
    labelled : pandas.DataFrame
        Real rows that may be trained on, with their labels, by time. None of them is evaluated on.
    moved : pandas.DataFrame
        Real rows whose inputs have moved. Their labels are not looked at.
    count : int
        How many rows to make.
    seed : int
        The same one makes the same rows.

    Raises
    ------
    TrainingError
        If there are too few rows, or labels made so say too little on real rows. A retry does not help.
    """
    labelled = labelled.tail(_MOST_LABELLED)
    if len(labelled) < _FEWEST_LABELLED or len(moved) < _FEWEST_MOVED:
        raise TrainingError(
            f"{len(labelled)} labelled and {len(moved)} moved rows of {spec.name!r} are too few to make others of; "
            f"{_FEWEST_LABELLED} and {_FEWEST_MOVED} are needed.",
            "Wait for more rows.",
        )
    prepared = inputs.prepare(labelled)
    space = Space.of(prepared, inputs)
    known = space.coordinates(prepared)
    truth = labelled[spec.target].to_numpy()
    numbers = spec.task == "regression"
    skill = _rehearsed(known, truth, numbers=numbers, seed=seed)
    if not skill >= _LEAST_SKILL:
        raise TrainingError(
            f"Labels made from the rows of {spec.name!r} say too little: they would take {skill:.0%} of the error away"
            " on real rows.",
            "Ask for labels of the rows that have moved.",
        )
    weights = density_ratios(known, space.coordinates(inputs.prepare(moved)), seed=seed)
    made = interpolated(moved, inputs, space, weights, count=count, seed=seed)
    answers, origin = labeller(known, truth, numbers=numbers, seed=seed).labels(space.coordinates(inputs.prepare(made)))
    made[ORIGIN] = origin
    made[spec.target] = _as_labels(labelled[spec.target], answers)
    kept = made[origin != NOBODY].reset_index(drop=True)
    by = {name: int((origin == name).sum()) for name in (NEIGHBOURS, TEACHERS)}
    return AcquiredRows(kept, len(made), skill, by)


def _rehearsed(known: NDArray[np.float64], truth: NDArray[Any], *, numbers: bool, seed: int) -> float:
    """Return how much of the error made labels take away on the newest real rows, of those that they are given to."""
    before = int(len(known) * (1 - _REHEARSED_FRACTION))
    if not numbers and len(np.unique(truth[:before])) < 2:
        return 0.0
    answers, origin = labeller(known[:before], truth[:before], numbers=numbers, seed=seed).labels(known[before:])
    answered = origin != NOBODY
    if not answered.any():
        return 0.0
    real, said = truth[before:][answered], answers[answered]
    if numbers:
        simple = float(np.abs(real - np.mean(truth[:before])).mean())
        left = float(np.abs(real - said).mean())
    else:
        classes, counts = np.unique(truth[:before], return_counts=True)
        simple = float((real != classes[counts.argmax()]).mean())
        left = float((real != said).mean())
    return 1 - left / simple if simple > 0 else 0.0


def _as_labels(column: pd.Series, answers: NDArray[Any]) -> Any:
    """Return labels in the type of the real ones, where that can hold them: a mean of whole numbers is none."""
    import pandas as pd

    made = pd.Series(answers)
    return made if pd.api.types.is_integer_dtype(column.dtype) and made.dtype.kind == "f" else made.astype(column.dtype)
