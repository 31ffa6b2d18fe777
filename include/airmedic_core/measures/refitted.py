"""Measures what a fresh model learns of rows from these rows alone, and so whether there is anything to be learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.measures.loss_by_inputs import SMALL_TREES, inputs_of
from airmedic_core.measures.relation import Relation, relation
from airmedic_core.metrics import Array

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows

_FOLDS = 5
"""Parts of the rows for cross-fitting: each row is judged by a model of four fifths of the others, so that little of
what few rows can teach is lost."""
_TREES = 60
"""Trees of the fresh model; as many as tell two windows apart."""
_STEPS = 500
"""Steps of the search for a linear model. Some tens are enough for inputs on one scale."""
_ROWS_OF_A_LEAF = (5, 30)
"""Rows of a leaf, at the least and at the most: of few rows, large leaves would learn nothing …"""
_LEAVES = 25
"""… and as many leaves as these could stand beside each other."""


def refitted_relation(
    context: CheckContext, rows: LabelledRows, *, with_answers: bool = False, linear: bool = False
) -> Relation:
    """Return how far a model that is fitted on rows tells the labels of the same rows apart, by cross-fitting.

    Parameters
    ----------
    context : CheckContext
        Says which columns are inputs, and what the task is.
    rows : LabelledRows
        Some hundred to some thousand rows: it fits five small models on them.
    with_answers : bool
        Whether it also knows what the model in production answered.
    linear : bool
        Whether it is a sum of the inputs in place of trees: few rows teach it more, where the relation is such a sum.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> usual = example_context()
    >>> other = example_context(lambda day: day.assign(default=day["default"].to_numpy()[::-1]))
    >>> [refitted_relation(day, day.labelled).strength > 0.2 for day in (usual, other)]
    [True, False]
    """
    task = context.spec.task
    inputs, categorical = inputs_of(context, rows.frame)
    if with_answers:
        answers = rows.scores if rows.scores.ndim == 2 else rows.scores[:, None]
        inputs = np.column_stack([inputs, answers])
    if not inputs.shape[1]:
        return Relation(0.0, 1.0)
    return relation(task, rows.labels, _cross_fitted(task, inputs, categorical, rows, linear=linear))


def _cross_fitted(task: str, inputs: Array, categorical: list[int], rows: LabelledRows, *, linear: bool) -> Array:
    """Return what models that have not seen a row say of it, in the shape of the model's own answers."""
    from threadpoolctl import threadpool_limits

    labels = rows.labels if task == "regression" else rows.labels.astype(np.intp)
    fold = _folds(task, labels)
    answers: Array = np.zeros(rows.scores.shape)
    for held in range(_FOLDS):
        inside = fold == held
        known = labels[~inside]
        if not inside.any() or len(np.unique(known)) < 2:
            continue
        model = _sum_of_inputs(task, inputs, categorical) if linear else _model(task, len(known), categorical)
        # On a busy machine many threads wait for each other longer than one works.
        with threadpool_limits(1):
            model.fit(inputs[~inside], known)
            if task == "regression":
                answers[inside] = model.predict(inputs[inside])
            else:
                chances = model.predict_proba(inputs[inside])
                if answers.ndim == 1:
                    answers[inside] = chances[:, 1]
                else:
                    answers[np.ix_(inside, model.classes_)] = chances
    return answers


def _folds(task: str, labels: NDArray[Any]) -> NDArray[np.intp]:
    """Return the part of each row, by a fixed seed; each part has its share of each class.

    Else a part with few of a class would be judged by models that saw many, and be told apart the wrong way round.
    """
    order = np.random.default_rng(0).permutation(len(labels))
    if task != "regression":
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(len(labels), dtype=np.intp)
    fold[order] = np.arange(len(labels)) % _FOLDS
    return fold


def _model(task: str, rows: int, categorical: list[int]) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    small = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    leaf = int(np.clip(rows // _LEAVES, *_ROWS_OF_A_LEAF))
    given = {**SMALL_TREES, "min_samples_leaf": leaf}
    return small(max_iter=_TREES, categorical_features=categorical or None, **given)


def _sum_of_inputs(task: str, inputs: Array, categorical: list[int]) -> Any:
    """Return a linear model of numbers on one scale and of categories; a value that is missing is taken as usual."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [column for column in range(inputs.shape[1]) if column not in categorical]
    prepared = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), categorical),
    )
    return make_pipeline(prepared, Ridge() if task == "regression" else LogisticRegression(max_iter=_STEPS))
