"""Families of models that are compared while retraining, where the spec asks for it (``retrain.tune.families``).

Each is plain scikit-learn on the champion's inputs. The comparison is on splits in time of the training rows alone, so
that the gate, which sees none of them, has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.metrics import metric
from airmedic_core.training.pipelines import default_pipeline
from airmedic_core.training.splits import Split, mean_on_splits

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

CHAMPION = "as the champion"
"""How the champion's own kind of model is called among the families that are compared."""
_MOST_CATEGORIES = 50
"""Categories of a column that get a column of their own; the rarer ones share one."""


def best_family(
    spec: ModelSpec, families: Sequence[str], champion: Any, inputs: Inputs, rows: pd.DataFrame, splits: Sequence[Split]
) -> tuple[Any, str, dict[str, float]]:
    """Return the estimator of the best family, not fitted, its name, and the mean metric of each.

    The champion's own kind of model stays unless another one is better on the mean of all splits.

    Parameters
    ----------
    spec : ModelSpec
        The model: its task, and the gate's metric.
    families : sequence of str
        ``linear``, ``trees``, ``boosting``.
    champion : object
        The champion's estimator, not fitted.
    inputs : Inputs
        The feature columns.
    rows : pandas.DataFrame
        Training rows by time.
    splits : sequence of Split
        What is trained on, and what is looked at.

    Raises
    ------
    TrainingError
        If no family could be fitted.
    """
    candidates = {CHAMPION: champion, **{name: family(spec, name, inputs) for name in families}}
    measured: dict[str, float] = {}
    for name, estimator in candidates.items():
        try:
            measured[name] = mean_on_splits(spec, estimator, inputs, rows, splits)
        except TrainingError:
            # A linear model may not take what trees take; the others are compared without it.
            continue
    finite = {name: value for name, value in measured.items() if value == value}  # noqa: PLR0124  NaN
    if not finite:
        raise TrainingError(
            f"No family of models could be fitted for {spec.name!r}.", "Leave out retrain.tune.families."
        )
    sign = 1 if metric(spec.metric, spec.task).higher_is_better else -1
    best = max(finite, key=lambda name: sign * finite[name])
    return candidates[best], best, measured


def family(spec: ModelSpec, name: str, inputs: Inputs) -> Any:
    """Return the pipeline of a family for a task, not fitted.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    name : str
        ``linear``, ``trees`` or ``boosting``.
    inputs : Inputs
        The feature columns.
    """
    return _FAMILIES[name](spec, inputs)


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
