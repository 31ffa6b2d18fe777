"""Models of CatBoost: its classifiers and regressors, and the plain ``CatBoost``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from airmedic_core.columns import category_name, is_text
from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer, Means
from airmedic_core.flavours.contract import Flavour

if TYPE_CHECKING:
    import pandas as pd

_MISSING = "nan"
"""CatBoost takes no missing category: this is what ``astype(str)`` makes of one, as its documentation advises."""
_LOUDNESS = frozenset({"verbose", "silent", "logging_level", "verbose_eval"})
"""Settings of which CatBoost takes one at the most."""


@final
class Catboost(Flavour):
    """Models of CatBoost. They know their classes themselves."""

    package = "catboost"

    def load(self, folder: Path) -> Any:
        """Return the model."""
        from mlflow.catboost import load_model

        return load_model(str(folder))

    def answer(self, model: Any, rows: pd.DataFrame) -> Answer:
        """Return probabilities of a classifier, else values."""
        rows = _arranged(model, rows)
        classes = tuple(np.asarray(model.classes_).tolist())
        if not classes:
            return Answer(np.asarray(model.predict(rows)), Means.NUMBER)
        probabilities = np.asarray(model.predict(rows, prediction_type="Probability"))
        return Answer(probabilities, Means.CLASSES, classes)

    def holds(self, model: Any) -> bool:
        """Return whether it is one of CatBoost's."""
        return type(model).__module__.partition(".")[0] == "catboost"

    def columns(self, model: Any) -> tuple[str, ...]:
        """Return the names it was fitted with; those of an array are numbers."""
        names = tuple(map(str, model.feature_names_ or ()))
        return () if names == tuple(map(str, range(len(names)))) else names

    def unfitted(self, model: Any) -> Any:
        """Return an estimator with the same settings and the same categories."""
        if model.get_text_feature_indices() or model.get_embedding_feature_indices():
            raise ModelError("It takes texts or embeddings, which Airmedic does not prepare.")
        settings = dict(model.get_params())
        quiet = {} if _LOUDNESS & settings.keys() else {"verbose": False}
        # It would write a folder wherever the task happens to run.
        settings |= {"allow_writing_files": False, **quiet}
        names = [model.feature_names_[index] for index in model.get_cat_feature_indices()]
        return type(model)().set_params(**settings | ({"cat_features": names} if names else {}))

    def family(self, task: str) -> Any:
        """Return gradient-boosted trees of as many rounds as those of scikit-learn that they are compared with."""
        from catboost import CatBoostClassifier, CatBoostRegressor

        kind = CatBoostRegressor if task == "regression" else CatBoostClassifier
        quiet = {"verbose": False, "allow_writing_files": False}
        return kind(iterations=200, learning_rate=0.08, thread_count=1, random_seed=0, **quiet)

    def arrange(self, model: Any, rows: pd.DataFrame) -> pd.DataFrame:
        """Return categories as text without gaps."""
        named = [name for name in model.get_params().get("cat_features") or () if name in rows.columns]
        return _as_text(rows, [*named, *(name for name in rows.columns if is_text(rows[name]))])

    def predict(self, model: Any, rows: pd.DataFrame) -> Any:
        """Return classes or values."""
        return model.predict(_arranged(model, rows))

    def log(self, model: Any, how: Mapping[str, Any]) -> Any:
        """Log it in CatBoost's own format."""
        from mlflow.catboost import log_model

        return log_model(model, **how)


def _arranged(model: Any, rows: pd.DataFrame) -> pd.DataFrame:
    return _as_text(rows, [rows.columns[index] for index in model.get_cat_feature_indices()])


def _as_text(rows: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    text = {}
    for name in dict.fromkeys(names):
        known = {value: category_name(value) for value in rows[name].dropna().unique()}
        text[name] = rows[name].astype(object).map(known).fillna(_MISSING)
    return rows.assign(**text) if text else rows
