"""The pipeline that is fitted where a model has none of its own yet.

Gradient-boosted trees on numbers and ordinal-coded categories: a strong default for tables that takes missing values
and categories it never saw. It is plain scikit-learn and can be served without Airmedic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airmedic_core.errors import TrainingError
from airmedic_core.inputs import Inputs

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_MOST_CATEGORIES = 200


def model_inputs(spec: ModelSpec, frame: pd.DataFrame) -> Inputs:
    """Return the inputs that a spec names, and those inferred from rows where it names none.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        Rows to infer from.

    Raises
    ------
    TrainingError
        If no column could be an input.
    """
    from airmedic_core.profile.features import infer_features

    numeric, categorical = infer_features(spec, frame)
    if not numeric and not categorical:
        raise TrainingError(
            f"The rows of {spec.name!r} have no column that could be an input.", "Name some under features in the spec."
        )
    return Inputs.of(numeric, categorical)


def default_pipeline(spec: ModelSpec, inputs: Inputs) -> Any:
    """Return the default pipeline of a task, not fitted.

    Parameters
    ----------
    spec : ModelSpec
        The model; its task decides between classifier and regressor.
    inputs : Inputs
        Its feature columns.
    """
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    categories = OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=_MOST_CATEGORIES,
    )
    columns = ColumnTransformer(
        [("numeric", "passthrough", list(inputs.numeric)), ("categorical", categories, list(inputs.categorical))]
    )
    trees = HistGradientBoostingRegressor if spec.task == "regression" else HistGradientBoostingClassifier
    first_category = len(inputs.numeric)
    boosting = trees(
        learning_rate=0.08,
        max_iter=150,
        l2_regularization=1.0,
        categorical_features=list(range(first_category, first_category + len(inputs.categorical))) or None,
        # A random part of the rows would hold twins of the training rows wherever a set has duplicates.
        early_stopping=False,
        random_state=0,
    )
    return Pipeline([("columns", columns), ("model", boosting)])
