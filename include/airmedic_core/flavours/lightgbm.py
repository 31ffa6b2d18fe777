"""Models of LightGBM: boosters, and its estimators with scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from airmedic_core.columns import is_text
from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer, Means, answer_of, quiet_skops, with_categories
from airmedic_core.flavours.contract import Flavour

if TYPE_CHECKING:
    import pandas as pd

_CLASSES = frozenset({"multiclass", "multiclassova"})
_NUMBERS = frozenset(
    {"regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"}
)


@final
class Lightgbm(Flavour):
    """Models of LightGBM. A booster's objective says what its predictions mean."""

    package = "lightgbm"

    def load(self, folder: Path) -> Any:
        """Return the booster or the estimator."""
        from mlflow.lightgbm import load_model

        return load_model(str(folder))

    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        """Return probabilities where the objective gives them."""
        if hasattr(model, "booster_"):
            return answer_of(model, _arranged(model.booster_, rows))
        values = np.asarray(model.predict(_arranged(model, rows)))
        objective = _header(model, "objective").partition(" ")[0]
        if objective in _CLASSES:
            return Answer(values, Means.CLASSES, tuple(range(values.shape[1])))
        if objective == "binary":
            return Answer(np.column_stack([1 - values, values]), Means.CLASSES, (0, 1))
        # That of cross_entropy may be a share or a probability.
        return Answer(values, Means.NUMBER if objective in _NUMBERS else None)

    def holds(self, model: Any) -> bool:
        """Return whether it is one of LightGBM's."""
        return type(model).__module__.partition(".")[0] == "lightgbm"

    def columns(self, model: Any) -> tuple[str, ...]:
        """Return the names it was fitted with."""
        names = tuple((model.booster_ if hasattr(model, "booster_") else model).feature_name())
        return () if names[:1] == ("Column_0",) else names

    def unfitted(self, model: Any) -> Any:
        """Return a clone of an estimator; a booster alone cannot be fitted."""
        from sklearn.base import clone

        if not hasattr(model, "get_params"):
            raise ModelError("A booster of LightGBM has no settings of its own to be fitted with again.")
        return clone(model)

    def family(self, task: str) -> Any:
        """Return gradient-boosted trees of as many rounds as those of scikit-learn that they are compared with."""
        from lightgbm import LGBMClassifier, LGBMRegressor

        kind = LGBMRegressor if task == "regression" else LGBMClassifier
        return kind(n_estimators=200, learning_rate=0.08, n_jobs=1, random_state=0, verbose=-1)

    def arrange(self, model: Any, rows: pd.DataFrame) -> pd.DataFrame:
        """Return text as categories, which is all that LightGBM takes beside numbers."""
        return with_categories(rows)

    def predict(self, model: Any, rows: pd.DataFrame) -> Any:
        """Return what the booster or the estimator predicts."""
        return model.predict(_arranged(getattr(model, "booster_", model), rows))

    def log(self, model: Any, how: Mapping[str, Any]) -> Any:
        """Log a booster in LightGBM's own format, an estimator as MLflow keeps those of scikit-learn."""
        from mlflow.lightgbm import log_model

        with quiet_skops():
            return log_model(model, **how)


def _header(booster: Any, key: str) -> str:
    """Return what the head of a booster's own format says of a key."""
    lines = booster.model_to_string(num_iteration=1).splitlines()
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{key}=")), "")


def _arranged(booster: Any, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with the categories that a booster knows, which it keeps in the order of their columns."""
    known = booster.pandas_categorical
    if not known:
        return rows
    # The range of a number stands in brackets; the codes of a category are parted by colons.
    kinds = _header(booster, "feature_infos").split()
    names = list(rows.columns)
    categorical = [name for name, kind in zip(names, kinds, strict=False) if ":" in kind and not kind.startswith("[")]
    if len(categorical) != len(known):
        # A category that no tree could use has no codes: then the columns of text are those that had categories.
        categorical = [name for name in names if is_text(rows[name])]
    return with_categories(rows, dict(zip(categorical, known, strict=False)))
