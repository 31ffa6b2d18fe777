"""Models of XGBoost: boosters, and its estimators with scikit-learn's interface."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer, Means, answer_of, with_categories
from airmedic_core.flavours.contract import Flavour

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("reg:", "count:")
"""Says how the objectives begin whose predictions are values."""


@final
class Xgboost(Flavour):
    """Models of XGBoost. A booster's objective says what its predictions mean."""

    package = "xgboost"

    def load(self, folder: Path) -> Any:
        """Return the booster or the estimator."""
        from mlflow.xgboost import load_model

        return load_model(str(folder))

    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        """Return probabilities where the objective gives them."""
        import xgboost

        if not isinstance(model, xgboost.Booster):
            return answer_of(model, _arranged(model.get_booster(), rows))
        matrix = xgboost.DMatrix(_arranged(model, rows), enable_categorical=True)
        objective = json.loads(model.save_config())["learner"]["objective"]["name"]
        if objective == "multi:softmax":
            margins = model.predict(matrix, output_margin=True)
            odds = np.exp(margins - margins.max(axis=1, keepdims=True))
            return _classes(odds / odds.sum(axis=1, keepdims=True))
        values = np.asarray(model.predict(matrix))
        if objective == "multi:softprob":
            return _classes(values)
        if objective == "binary:hinge":
            return Answer(values, Means.LABEL, (0, 1))
        if objective == "binary:logitraw":
            values = 1 / (1 + np.exp(-values.astype(np.float64)))
        if objective in {"binary:logistic", "binary:logitraw"}:
            return _classes(np.column_stack([1 - values, values]))
        # That of reg:logistic may be a share or a probability.
        return Answer(values, Means.NUMBER if objective.startswith(_NUMBERS) and objective != "reg:logistic" else None)

    def holds(self, model: Any) -> bool:
        """Return whether it is one of XGBoost's."""
        return type(model).__module__.partition(".")[0] == "xgboost"

    def columns(self, model: Any) -> tuple[str, ...]:
        """Return the names it was fitted with."""
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        return tuple(booster.feature_names or ())

    def unfitted(self, model: Any) -> Any:
        """Say why not: a refit with other settings than the team's would be another model."""
        raise ModelError(
            "XGBoost's own format keeps the trees, and not the settings that they were grown with. A model that is "
            "logged as scikit-learn's (mlflow.sklearn.log_model) keeps them."
        )

    def family(self, task: str) -> Any:
        """Return gradient-boosted trees of as many rounds as those of scikit-learn that they are compared with."""
        from xgboost import XGBClassifier, XGBRegressor

        kind = XGBRegressor if task == "regression" else XGBClassifier
        return kind(n_estimators=200, learning_rate=0.08, max_depth=6, n_jobs=1, random_state=0)

    def arrange(self, model: Any, rows: pd.DataFrame) -> pd.DataFrame:
        """Return text as categories, where the estimator takes them."""
        return with_categories(rows) if model.get_params().get("enable_categorical") else rows

    def predict(self, model: Any, rows: pd.DataFrame) -> Any:
        """Return what the booster or the estimator predicts."""
        if not hasattr(model, "get_booster"):
            return self.answer(model, rows).values
        return model.predict(_arranged(model.get_booster(), rows))

    def log(self, model: Any, how: Mapping[str, Any]) -> Any:
        """Log it in XGBoost's own format."""
        from mlflow.xgboost import log_model

        return log_model(model, **how)


def _classes(probabilities: Any) -> Answer:
    return Answer(np.asarray(probabilities), Means.CLASSES, tuple(range(probabilities.shape[1])))


def _arranged(booster: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the categories that a booster knows."""
    names = rows.columns
    categorical = [name for name, kind in zip(names, booster.feature_types or (), strict=False) if kind == "c"]
    if not categorical:
        return rows
    kept = dict(booster.get_categories(export_to_arrow=True).to_arrow()) if hasattr(booster, "get_categories") else {}
    known = {name: kept[name].to_pylist() for name in categorical if kept.get(name) is not None}
    if len(known) < len(categorical):
        raise ModelError(
            f"The booster does not say which categories {categorical[0]!r} had when it was fitted.",
            "Save it with XGBoost 3.1 or later, or log a pipeline that encodes categories itself.",
        )
    return with_categories(rows, known)
