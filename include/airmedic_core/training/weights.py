"""Rows that count the less the older they are: exponential decay by time, handed to the estimator as its weights."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import TrainingError
from airmedic_core.metrics import Array
from airmedic_core.windows import Every, as_utc

if TYPE_CHECKING:
    import pandas as pd

_KEYWORD = "sample_weight"
"""Says what scikit-learn, XGBoost, LightGBM and CatBoost call the weights of rows."""
CHOSEN = "auto"
"""Half-life of a spec that leaves the choice to the comparison on withheld rows."""
_MADE_SHARE = 0.25
"""Made rows together count at most so much of what the real ones count: what is made may not outvote what was seen."""


def recency_weights(times: pd.Series, half_life: timedelta) -> Array:
    """Return the weight of each row: 1 for the newest, and half as much for each half-life that it is older.

    Parameters
    ----------
    times : pandas.Series
        Moments of the rows.
    half_life : timedelta
        The age at which a row counts half.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.Series(pd.to_datetime(["2026-01-01", "2026-01-11", "2026-01-21"], utc=True))
    >>> recency_weights(times, timedelta(days=10)).tolist()
    [0.25, 0.5, 1.0]
    """
    ages = (times.max() - times).dt.total_seconds().to_numpy(dtype=np.float64)
    weights: Array = np.power(0.5, ages / half_life.total_seconds())
    return weights


def weights_for(estimator: Any, times: pd.Series, half_life: timedelta | None) -> dict[str, Array]:
    """Return what ``fit`` of an estimator is given beside rows and labels; nothing where all rows count the same.

    Parameters
    ----------
    estimator : object
        The estimator, or a pipeline whose last step takes weights.
    times : pandas.Series
        Moments of the rows.
    half_life : timedelta, optional
        The age at which a row counts half.

    Raises
    ------
    TrainingError
        If the estimator takes no weights. A retry does not help.
    """
    if half_life is None:
        return {}
    keyword = _keyword(estimator)
    if not keyword:
        raise TrainingError(
            f"{_innermost(estimator)} takes no weights of rows ({_KEYWORD}), so that recent rows cannot count more.",
            "Leave out retrain.half_life, or take an estimator that does.",
        )
    return {keyword: recency_weights(times, half_life)}


def with_made_rows(weights: dict[str, Array], real: int, made: pd.DataFrame) -> tuple[dict[str, Array], pd.DataFrame]:
    """Return the weights of real rows followed by made ones, and the made rows that are left.

    The made rows together count a quarter of the real ones at the most: they are scaled down where rows are weighted,
    and some of them are left out where all rows count the same.

    Parameters
    ----------
    weights : dict
        Those of the real rows, as :func:`weights_for` returns them.
    real : int
        How many real rows there are.
    made : pandas.DataFrame
        The made rows.

    Examples
    --------
    >>> import pandas as pd
    >>> made = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]})
    >>> with_made_rows({"sample_weight": np.array([0.25, 0.75, 1.0])}, 3, made)[0]["sample_weight"].tolist()
    [0.25, 0.75, 1.0, 0.125, 0.125, 0.125, 0.125]
    >>> len(with_made_rows({}, 8, made)[1])
    2
    """
    if not weights:
        most = int(real * _MADE_SHARE)
        return {}, made if len(made) <= most else made.sample(most, random_state=0)
    scaled = {}
    for keyword, of_real in weights.items():
        share = min(1.0, _MADE_SHARE * float(of_real.sum()) / max(len(made), 1))
        scaled[keyword] = np.concatenate([of_real, np.full(len(made), share)])
    return scaled, made


def takes_weights(estimator: Any) -> bool:
    """Return whether rows can be weighted when an estimator is fitted."""
    return bool(_keyword(estimator))


def half_life_of(step: str, newest: datetime) -> timedelta:
    """Return the length of a step of the calendar back from the newest row.

    >>> half_life_of("2 weeks", datetime(2026, 3, 1)).days
    14
    """
    newest = as_utc(newest)
    return newest - Every.parse(step).shift(newest, -1)


def _keyword(estimator: Any) -> str:
    """Return the name by which the weights reach the estimator: through a pipeline with the names of its last steps."""
    from inspect import signature

    if hasattr(estimator, "steps"):
        name, last = estimator.steps[-1]
        inner = _keyword(last)
        return f"{name}__{inner}" if inner else ""
    try:
        return _KEYWORD if _KEYWORD in signature(estimator.fit).parameters else ""
    except (AttributeError, TypeError, ValueError):
        return ""


def _innermost(estimator: Any) -> str:
    return _innermost(estimator.steps[-1][1]) if hasattr(estimator, "steps") else type(estimator).__name__
