"""Small models of each library, as a team would train them."""

from __future__ import annotations

from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import xgboost
from mlflow.pyfunc import PythonModel
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from airmedic_core.columns import is_text

_TREES = 30


def pipeline(rows: pd.DataFrame, labels: pd.Series) -> Any:
    text = [name for name in rows.columns if is_text(rows[name])]
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), text), remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(rows, labels)


def xgboost_booster(rows: pd.DataFrame, labels: pd.Series) -> Any:
    matrix = xgboost.DMatrix(_categories(rows), labels, enable_categorical=True)
    return xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, matrix, _TREES)


def xgboost_classifier(rows: pd.DataFrame, labels: pd.Series) -> Any:
    model = xgboost.XGBClassifier(n_estimators=_TREES, max_depth=3, enable_categorical=True, n_jobs=1)
    return model.fit(_categories(rows), labels)


def lightgbm_booster(rows: pd.DataFrame, labels: pd.Series) -> Any:
    settings = {"objective": "binary", "num_leaves": 7, "verbosity": -1, "num_threads": 1}
    return lightgbm.train(settings, lightgbm.Dataset(_categories(rows), labels), _TREES)


def lightgbm_classifier(rows: pd.DataFrame, labels: pd.Series) -> Any:
    model = lightgbm.LGBMClassifier(n_estimators=_TREES, num_leaves=7, verbosity=-1, n_jobs=1)
    return model.fit(_categories(rows), labels)


def catboost_classifier(rows: pd.DataFrame, labels: pd.Series) -> Any:
    return _catboost(catboost.CatBoostClassifier, rows, labels)


def catboost_plain(rows: pd.DataFrame, labels: pd.Series) -> Any:
    return _catboost(catboost.CatBoost, rows, labels, loss_function="Logloss")


class Wrapped(PythonModel):  # type: ignore[misc]
    """A team's own class around an estimator."""

    def __init__(self, estimator: Any, says: str) -> None:
        self.estimator = estimator
        self.says = says

    # MLflow would read hints of types as a schema.
    def predict(self, context, model_input):  # type: ignore[no-untyped-def]
        probabilities = self.estimator.predict_proba(model_input)
        if self.says == "score":
            return probabilities[:, 1]
        if self.says == "label":
            return self.estimator.predict(model_input)
        if self.says == "outputs":
            return pd.DataFrame({"chance": probabilities[:, 1], "seconds": np.full(len(model_input), 0.1)})
        return pd.DataFrame(probabilities, columns=["0", "1"])


def wrapped(says: str) -> Any:
    def train(rows: pd.DataFrame, labels: pd.Series) -> Any:
        return Wrapped(pipeline(rows, labels), says)

    return train


def _catboost(kind: Any, rows: pd.DataFrame, labels: pd.Series, **more: Any) -> Any:
    text = [name for name in rows.columns if is_text(rows[name])]
    settings = {"iterations": _TREES, "depth": 3, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    return kind().set_params(**settings, **more).fit(rows, labels, cat_features=text)


def _categories(rows: pd.DataFrame) -> pd.DataFrame:
    text = [name for name in rows.columns if is_text(rows[name])]
    return rows.astype(dict.fromkeys(text, "category"))
