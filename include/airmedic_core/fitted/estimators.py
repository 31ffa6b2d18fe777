"""Says what an estimator with scikit-learn's interface says of rows, whatever library it is from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airmedic_core.fitted.answer import Answer, Means

if TYPE_CHECKING:
    import pandas as pd


def answer_of(estimator: Any, rows: pd.DataFrame) -> Answer:
    """Return what a fitted estimator says of rows: probabilities where it has them, else classes or values.

    Parameters
    ----------
    estimator : object
        Fitted, with ``predict``; a classifier has ``classes_`` too.
    rows : pandas.DataFrame
        The rows, with the inputs as the estimator takes them.
    """
    import numpy as np

    known = getattr(estimator, "classes_", None)
    if known is None or not len(known):
        # CatBoost's regressors have a list of classes, and it is empty.
        said = np.asarray(estimator.predict(rows))
        # What has no classes and is no regressor, such as a clustering, is known by its answers only.
        return Answer(said, Means.NUMBER if _is_regressor(estimator) else None)
    classes = tuple(np.asarray(known).tolist())
    if hasattr(estimator, "predict_proba"):
        return Answer(np.asarray(estimator.predict_proba(rows), dtype=np.float64), Means.CLASSES, classes)
    return Answer(np.asarray(estimator.predict(rows)).reshape(len(rows)), Means.LABEL, classes)


def _is_regressor(estimator: Any) -> bool:
    from sklearn.base import is_regressor

    return bool(is_regressor(estimator))
