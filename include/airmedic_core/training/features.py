"""Feature engineering from a closed list (``retrain.features``), computed inside of the model's own pipeline.

Each step is tried alone, and kept only if the comparison on withheld rows clearly gains. Those that are kept are the
first step of the model's pipeline, so that whoever serves it prepares the same inputs as before, and the moment of the
row where a date is among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from airmedic_core.inputs import Inputs
from airmedic_core.training.contest import Contest, Recipe
from airmedic_core.training.feature_steps import AddedFeatures, Step, feature_name

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_ADDED = "added"
"""Name of the step, and of the columns that it adds among those that the pipeline takes."""
_MOST_OF_A_KIND = 6
"""Steps of one kind that are tried: each takes a fit, and of many that are tried some gain by chance."""
_MOST_NUMBERS = 8
"""Numbers of which ratios are made: of eight there are 56."""


def reads_other_rows(estimator: Any) -> bool:
    """Return whether what a pipeline computes of a row depends on other rows: a lag, or the mean of a group.

    Parameters
    ----------
    estimator : object
        The estimator, fitted or not.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> reads_other_rows(make_pipeline(AddedFeatures([("lag", "load")]), "passthrough"))
    True
    >>> reads_other_rows(make_pipeline(AddedFeatures([("hour", "at")]), "passthrough"))
    False
    """
    # The class is kept in a model by its code, so that a loaded one is no instance of the class here.
    if type(estimator).__name__ == AddedFeatures.__name__:
        return any(step[0] in {"lag", "mean"} for step in estimator.steps)
    steps = getattr(estimator, "steps", None) or ()
    return any(reads_other_rows(part) for _, part in steps)


def try_features(spec: ModelSpec, contest: Contest) -> list[str]:
    """Try the features that the spec asks for, one after the other, and return the names of those that are kept.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    contest : Contest
        Compares them; its best recipe holds what is kept.
    """
    kept = []
    known = steps_of(contest.best.estimator)
    for step in candidates(spec, contest.best.inputs, contest.earlier, known):
        if contest.over:
            break
        if contest.challenge(f"feature {feature_name(step)}", with_step(spec, contest.best, step), confirmed=True):
            kept.append(feature_name(step))
    return kept


def candidates(
    spec: ModelSpec, inputs: Inputs, rows: pd.DataFrame, known: Sequence[Step] = ()
) -> Iterator[Step]:  # fmt: skip
    """Yield the steps to try, of each kind those first that go most with the target.

    A step whose column would have the name of an input, or of another step's column, is left out: it would take its
    place.

    Parameters
    ----------
    spec : ModelSpec
        The model: which kinds it asks for.
    inputs : Inputs
        The champion's inputs.
    rows : pandas.DataFrame
        Rows that are trained on.
    known : sequence of Step
        What the champion computes itself.
    """
    prepared = inputs.prepare(rows)
    basis = _Known(spec, inputs, rows, prepared)
    taken = {*inputs.columns, *(feature_name(step) for step in known)}
    for kind in spec.retrain.features:
        steps = [step for step in _KINDS[kind](basis) if feature_name(step) not in taken]
        if kind in {"ratios", "lags"}:
            steps.sort(key=lambda step: -_goes_with(spec, step, prepared, rows[spec.target]))
        by_name = {feature_name(step): step for step in reversed(steps)}
        chosen = [step for step in steps if by_name[feature_name(step)] is step][:_MOST_OF_A_KIND]
        taken.update(map(feature_name, chosen))
        yield from chosen


class _Known(NamedTuple):
    """Says what the steps that may be tried follow from."""

    spec: ModelSpec
    inputs: Inputs
    rows: pd.DataFrame
    prepared: pd.DataFrame


def _ratios(known: _Known) -> Iterator[Step]:
    numbers = [name for name in known.inputs.numeric if known.prepared[name].nunique() > 2][:_MOST_NUMBERS]
    for above, below in permutations(numbers, 2):
        if (known.prepared[below].dropna() > 0).mean() > 1 / 2:
            yield ("ratio", above, below)


def _dates(known: _Known) -> Iterator[Step]:
    time = known.spec.data.time_column
    moments = known.rows[time].dt
    for part, values in (("hour", moments.hour), ("weekday", moments.dayofweek), ("month", moments.month)):
        if values.nunique() > 1:
            yield (part, time)


def _lags(known: _Known) -> Iterator[Step]:
    # Rows of one moment have no order, and what was before such a row is not known.
    if known.rows[known.spec.data.time_column].is_unique:
        for name in known.inputs.numeric:
            yield ("lag", name)


def _group_means(known: _Known) -> Iterator[Step]:
    if known.spec.task != "multiclass":
        for name in known.inputs.categorical:
            if name != known.spec.data.time_column and known.prepared[name].nunique() > 1:
                yield ("mean", name)


_KINDS: dict[str, Callable[[_Known], Iterator[Step]]] = {
    "ratios": _ratios,
    "dates": _dates,
    "lags": _lags,
    "group_means": _group_means,
}


def _goes_with(spec: ModelSpec, step: Step, prepared: pd.DataFrame, target: pd.Series) -> float:
    """Return how closely a step follows the target, as a rank correlation; 0 where that is not defined."""
    import pandas as pd

    name = feature_name(step)
    values = AddedFeatures([step]).fit_transform(prepared)[name].reset_index(drop=True)
    codes = pd.Series(target.to_numpy() if spec.task == "regression" else pd.factorize(target, sort=True)[0])
    alike = values.corr(codes.astype(float), method="spearman") if values.nunique() > 1 else 0.0
    return abs(float(alike)) if np.isfinite(alike) else 0.0


def with_step(spec: ModelSpec, recipe: Recipe, step: Step) -> Recipe:
    """Return a recipe whose pipeline computes one more feature.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    recipe : Recipe
        The recipe so far, whose pipeline may compute some already.
    step : Step
        What is added.
    """
    known = tuple(map(tuple, steps_of(recipe.estimator)))
    inputs, time = recipe.inputs, spec.data.time_column
    before = _added_in(recipe.estimator)
    dropped = () if before is None else tuple(before.dropped)
    if step[1] == time and time not in inputs.columns:
        inputs, dropped = Inputs((*inputs.kinds, (time, "category"))), (*dropped, time)
    estimator = _pipeline(recipe.estimator, (*known, step), dropped)
    return replace(recipe, estimator=estimator, inputs=inputs)


def steps_of(estimator: Any) -> Sequence[Step]:
    """Return the steps of features that a pipeline computes itself."""
    added = _added_in(estimator)
    return () if added is None else tuple(added.steps)


def _added_in(estimator: Any) -> Any:
    """Return the first step of a pipeline where it is ours: loaded, it is of a class of its own, with our trait."""
    first = estimator.steps[0][1] if hasattr(estimator, "steps") else None
    return first if getattr(first, "kept_by_value", False) else None


def _pipeline(estimator: Any, steps: Sequence[Step], dropped: Sequence[str]) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import StandardScaler

    inner = deepcopy(estimator)
    parts = list(inner.steps) if hasattr(inner, "steps") else [("model", inner)]
    if _added_in(inner) is not None:
        parts = parts[1:]
    chosen = parts[0][1]
    if isinstance(chosen, ColumnTransformer):
        # It names its columns, and would leave out the new ones. They come last, so that no other one moves.
        filled = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
        rest = [part for part in chosen.transformers if part[0] != _ADDED]
        chosen.transformers = [*rest, (_ADDED, filled, [feature_name(step) for step in steps])]
    return Pipeline([(_ADDED, AddedFeatures(tuple(steps), tuple(dropped))), *parts])
