"""Says what the model said of two sets of rows: predictions that were logged, or those of a default model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.records import Batch

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.fitted import Answer
    from airmedic_core.inputs import Inputs
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.spec import ModelSpec
    from airmedic_core.windows import Window

_FITTED_FRACTION = 0.7
"""Share of the reference, by time, that a default model is fitted on. The rest is its baseline of performance."""
_MOST_FITTED = 50_000
"""Rows, spread evenly: more make the default model slower to fit and hardly better. With 20,000, three of 464 labelled
cases lost their right answer: a loss that inputs explain was called harmless."""
_MANY_ROWS = 40_000
"""Rows to fit on: up to here the model is the one that a retraining would fit, and importing and fitting it takes two
seconds. Of more rows, plainer trees tell as much in a tenth of the time: on the six largest of the open pairs
they are between 0.002 less and 0.025 more in AUC. On few rows they say less: of 62 measured causes two were missed,
and a label shift on 25,000 rows."""
_LEAST_FITTED = 100
"""Rows with a label: a model of fewer says nothing of a window."""


@dataclass(frozen=True)
class Served:
    """Holds what one model said of both sets of rows."""

    reference: ScoredBatch
    current: ScoredBatch
    held_out: NDArray[np.bool_]
    """Rows of the reference that the model was not fitted on: its baseline of performance."""


def served(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame, window: Window, as_of: datetime, *, together: bool
) -> Served | None:
    """Return what the model said of both sets of rows.

    Predictions that the spec names are what really happened. Where it names none, a default model is fitted on the
    earlier part of the reference.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    reference, current : pandas.DataFrame
        Rows in the order of their times.
    window : Window
        The window in question.
    as_of : datetime
        Labels that became known later do not exist yet.
    together : bool
        Whether both sets are samples of one time: the rows to fit on are then drawn from all of it.

    Returns
    -------
    Served or None
        Nothing where no model can be fitted: for want of labels, or of a column that it takes.

    Raises
    ------
    MissingColumnError
        If rows lack predictions that the spec names. A retry does not help.
    """
    from airmedic_core.scoring import logged_scores, logged_with, named_classes, require_logged

    require_logged(spec, {"reference": reference, "current": current})
    if logged_with(spec, reference, current):
        batch = Batch(spec.name, window, as_of, len(current))
        classes = named_classes(spec, reference, current) if spec.task == "multiclass" else ()
        before, now = (logged_scores(spec, rows, batch, classes=classes) for rows in (reference, current))
        return Served(before, now, np.ones(len(reference), dtype=bool))
    return _fitted(spec, reference, current, as_of, _held_out(spec, reference, together=together))


def _held_out(spec: ModelSpec, reference: pd.DataFrame, *, together: bool) -> NDArray[np.bool_]:
    """Return the rows that the default model is not fitted on, as far from its rows as the rows in question are."""
    if together:
        return np.random.default_rng(0).random(len(reference)) >= _FITTED_FRACTION
    # Rows of one moment are never on both sides.
    times = reference[spec.data.time_column]
    return np.asarray(times >= times.iloc[int(len(reference) * _FITTED_FRACTION)])


def _fitted(
    spec: ModelSpec, reference: pd.DataFrame, current: pd.DataFrame, as_of: datetime, held_out: NDArray[np.bool_]
) -> Served | None:
    from airmedic_core.scoring import ScoredBatch, encode_labels, fitted_target, meaning_of, read_answer
    from airmedic_core.sources import known_labels

    if spec.target not in reference:
        return None
    known = np.asarray(known_labels(spec, reference, as_of), dtype=bool)
    if spec.task == "regression":
        known = known & np.isfinite(encode_labels(spec, reference))
    train = reference[known & ~held_out]
    if len(train) < _LEAST_FITTED or train[spec.target].nunique() < 2:
        return None
    train = train.iloc[np.linspace(0, len(train) - 1, min(len(train), _MOST_FITTED)).astype(int)]
    inputs = _inputs(spec, reference, train)
    if any(name not in current for name in inputs.columns):
        return None
    answer_for = _trained(spec, inputs, inputs.prepare(train), fitted_target(spec, train[spec.target]))

    def scored(rows: pd.DataFrame, known: NDArray[np.bool_], asked: NDArray[np.bool_]) -> ScoredBatch:
        answer = answer_for(inputs.prepare(rows[asked]))
        some_scores, said, classes = read_answer(spec, answer, meaning_of(spec, answer, None))
        scores, predicted = np.full((len(rows), *some_scores.shape[1:]), np.nan), np.full(len(rows), None, dtype=object)
        scores[asked], predicted[asked] = some_scores, said
        labels = np.where(known, encode_labels(spec, rows, classes), np.nan)
        return ScoredBatch(scores, predicted, labels, "", classes)

    known_now = np.asarray(known_labels(spec, current, as_of), dtype=bool)
    # What the model says of rows that it was fitted on is no performance, and nobody asks for it.
    before, now = scored(reference, known, held_out), scored(current, known_now, np.ones(len(current), dtype=bool))
    return Served(before, now, held_out)


def _trained(
    spec: ModelSpec, inputs: Inputs, prepared: pd.DataFrame, labels: pd.Series
) -> Callable[[pd.DataFrame], Answer]:
    """Return what answers for prepared rows, fitted to some with their labels."""
    if len(prepared) > _MANY_ROWS:
        from airmedic_core.pair.tree_model import TreeModel

        return TreeModel.fitted(spec, inputs, prepared, labels).answer
    from threadpoolctl import threadpool_limits

    from airmedic_core.fitted import answer_of
    from airmedic_core.training.pipelines import default_pipeline

    levels = {name: sorted(prepared[name].dropna().unique()) for name in inputs.categorical}
    with threadpool_limits(1):
        estimator = default_pipeline(spec, inputs).fit(_numbered(prepared, levels), labels)
    return lambda rows: answer_of(estimator, _numbered(rows, levels))


def _numbered(prepared: pd.DataFrame, levels: dict[str, list[str]]) -> pd.DataFrame:
    """Return inputs with the place of each category among those fitted on; a new one counts as missing.

    That is what the pipeline makes of them, too. It counts texts one by one, and numbers at once.
    """
    import pandas as pd

    places = {
        name: pd.Index(known, dtype=object).get_indexer(pd.Index(prepared[name], dtype=object))
        for name, known in levels.items()
    }
    return prepared.assign(**{name: np.where(place < 0, np.nan, place) for name, place in places.items()})


def _inputs(spec: ModelSpec, reference: pd.DataFrame, train: pd.DataFrame) -> Inputs:
    """Return the inputs of the default model: trees cannot be grown on a column without a single number."""
    from airmedic_core.inputs import Inputs
    from airmedic_core.profile.values import numbers
    from airmedic_core.training.pipelines import model_inputs

    named = model_inputs(spec, reference)
    numeric = [name for name in named.numeric if np.isfinite(numbers(train[name])[0]).any()]
    return Inputs.of(numeric, named.categorical)
