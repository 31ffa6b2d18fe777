"""Families of models that are compared while retraining, where the spec asks for it (``retrain.tune.families``).

Each is a pipeline of scikit-learn on the champion's inputs, so that the winner can be refitted next time. Three are
scikit-learn's own, and each installed flavour may add one, whose last step is an estimator of its library. They are
compared on splits in time of the training rows alone, so that the gate, which sees none of them, has the last word.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from importlib.util import find_spec
from time import monotonic
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import TrainingError
from airmedic_core.flavours import FLAVOURS, Flavour
from airmedic_core.inputs import Inputs
from airmedic_core.metrics import metric
from airmedic_core.training.pipelines import default_pipeline
from airmedic_core.training.splits import Split, mean_on_splits

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec
    from airmedic_core.training.trial_runs import TrialRuns

CHAMPION = "as the champion"
"""Says how the champion's own kind of model is called among the families that are compared."""
_MOST_CATEGORIES = 50
"""Categories of a column that get a column of their own; the rarer ones share one."""
_log = logging.getLogger(__name__)


def best_family(
    spec: ModelSpec,
    candidates: Mapping[str, Any],
    inputs: Inputs,
    rows: pd.DataFrame,
    splits: Sequence[Split],
    *,
    half_life: timedelta | None = None,
    runs: TrialRuns | None = None,
    deadline: float = math.inf,
) -> tuple[Any, str, dict[str, float]]:
    """Return the estimator of the best family, not fitted, its name, and the mean metric of each.

    The champion's own kind of model stays unless another one is better on the mean of all splits.

    Parameters
    ----------
    spec : ModelSpec
        The model: its task, and the gate's metric.
    candidates : mapping
        Family → estimator, not fitted. The first one is the champion's own kind, and is always tried.
    inputs : Inputs
        The feature columns.
    rows : pandas.DataFrame
        Training rows by time.
    splits : sequence of Split
        What is trained on, and what is looked at.
    half_life : timedelta, optional
        The age at which a row counts half when they are fitted.
    runs : TrialRuns, optional
        Where it is kept what was tried.
    deadline : float
        Moment of the monotonic clock after which no further family is begun.

    Raises
    ------
    TrainingError
        If no family could be fitted.
    """
    measured: dict[str, float] = {}
    for number, (name, estimator) in enumerate(candidates.items()):
        if number and monotonic() > deadline:
            break
        value, started = float("nan"), monotonic()
        try:
            value = measured[name] = mean_on_splits(spec, estimator, inputs, rows, splits, half_life)
        except TrainingError as error:
            # A linear model may not take what trees take; the others are compared without it.
            _log.info("The family %r is left out: %s", name, error)
        if runs is not None:
            runs.record(number, {"family": name}, value, monotonic() - started, name=f"family {name}")
    finite = {name: value for name, value in measured.items() if math.isfinite(value)}
    if not finite:
        raise TrainingError(
            f"No family of models could be fitted for {spec.name!r}.", "Leave out retrain.tune.families."
        )
    sign = 1 if metric(spec.metric, spec.task).higher_is_better else -1
    best = max(finite, key=lambda name: sign * finite[name])
    return candidates[best], best, measured


def families_of(spec: ModelSpec, names: Sequence[str], inputs: Inputs) -> dict[str, Any]:
    """Return the pipelines of families for a task, not fitted, by name.

    The time column, which a champion takes that makes features of it itself, is none of their columns.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    names : sequence of str
        ``linear``, ``trees``, ``boosting``, or a flavour that adds one.
    inputs : Inputs
        The feature columns.

    Raises
    ------
    TrainingError
        If the library of a family is not installed, or a flavour adds none. A retry does not help.
    """
    inputs = Inputs(tuple((name, kind) for name, kind in inputs.kinds if name != spec.data.time_column))
    return {name: _FAMILIES[name](spec, inputs) if name in _FAMILIES else _added(spec, name, inputs) for name in names}


def check_families(spec: ModelSpec) -> None:
    """Check, before anybody is asked, that the libraries of the families that a spec names are installed.

    Raises
    ------
    TrainingError
        If one is not. A retry does not help.
    """
    tune = spec.retrain.tune
    for name in tune.families if tune is not None else ():
        if name not in _FAMILIES:
            _flavour_with_family(name)


def _added(spec: ModelSpec, name: str, inputs: Inputs) -> Any:
    """Return the pipeline of a family that a flavour adds, on the same columns as the default pipeline."""
    estimator = _flavour_with_family(name).family(spec.task)
    if estimator is None:
        raise TrainingError(f"The flavour {name!r} adds no family of models.", "Leave it out of retrain.tune.families.")
    pipeline = default_pipeline(spec, inputs)
    return pipeline.set_params(model=estimator)


def _flavour_with_family(name: str) -> Flavour:
    flavour = FLAVOURS.member(name)
    if flavour.package and find_spec(flavour.package) is None:
        raise TrainingError(
            f"retrain.tune.families names {name!r}, and its library {flavour.package} is not installed here.",
            f"Install it: pip install 'airmedic[{flavour.package}]', or leave the family out.",
        )
    return flavour


def _linear(spec: ModelSpec, inputs: Inputs) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import Pipeline

    model = Ridge(alpha=1.0) if spec.task == "regression" else LogisticRegression(C=1.0, max_iter=500)
    return Pipeline([("columns", _numbers(inputs)), ("model", model)])


def _trees(spec: ModelSpec, inputs: Inputs) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.pipeline import Pipeline

    forest = RandomForestRegressor if spec.task == "regression" else RandomForestClassifier
    model = forest(n_estimators=200, min_samples_leaf=5, max_features=0.5, random_state=0)
    return Pipeline([("columns", _numbers(inputs)), ("model", model)])


def _numbers(inputs: Inputs) -> Any:
    """Return the step that makes numbers of all columns: filled and scaled ones, and one for each category."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    filled = Pipeline([("fill", SimpleImputer(keep_empty_features=True)), ("scale", StandardScaler())])
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=_MOST_CATEGORIES, sparse_output=False
    )
    return ColumnTransformer(
        [("numeric", filled, list(inputs.numeric)), ("categorical", categories, list(inputs.categorical))]
    )


_FAMILIES: dict[str, Callable[[ModelSpec, Inputs], Any]] = {
    "linear": _linear,
    "trees": _trees,
    "boosting": default_pipeline,
}
