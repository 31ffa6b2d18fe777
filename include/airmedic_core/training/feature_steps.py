"""Features that a pipeline computes itself: ratios, parts of dates, lags and group means, none of which looks ahead.

The class is kept in a model by its code, not by its name, so that the model is served where Airmedic is not installed:
this module imports nothing of Airmedic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

Step = tuple[str, ...]
"""Kind and columns: ``("ratio", "amount", "income")``, ``("hour", "at")``, ``("lag", "load")``, ``("mean", "plan")``.
"""

_BLOCKS = 20
"""Stretches of the training rows: a row gets the group means of the stretches before its own, so that neither its own
label nor that of a twin beside it is among them."""
_PRIOR_ROWS = 20.0
"""Rows that the mean of all counts for in the mean of a group: that of a rare group says little."""
_PARTS = {"hour": "hour", "weekday": "dayofweek", "month": "month"}


def feature_name(step: Step) -> str:
    """Return the name of the column that a step adds.

    >>> feature_name(("ratio", "amount", "income")), feature_name(("hour", "at"))
    ('amount_per_income', 'at_hour')
    """
    kind, *columns = step
    return "_per_".join(columns) if kind == "ratio" else f"{columns[0]}_{kind}"


class AddedFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Adds columns of numbers to rows, which are by time.

    A lag is the value of the row before among those that are scored together; the first one's is that of the last
    training row. A group mean is that of the target over the training rows of the group; in training itself, over
    earlier rows alone. The first rows, before which are none, all get the mean of all rows, as a group does that
    training never saw: it is the same for each of them, and tells none of their labels.

    Parameters
    ----------
    steps : sequence of Step
        What is added.
    dropped : sequence of str
        Columns that only the steps need: they are not handed on.

    Examples
    --------
    >>> rows = pd.DataFrame({"amount": [6.0, 8.0], "income": [3.0, 0.0]})
    >>> AddedFeatures([("ratio", "amount", "income"), ("lag", "amount")]).fit_transform(rows)[
    ...     ["amount_per_income", "amount_lag"]].to_numpy().tolist()
    [[2.0, 6.0], [0.0, 6.0]]
    """

    kept_by_value = True
    """Says whether a model holds the code of the class, and needs no package of it."""

    def __init__(self, steps: Sequence[Step] = (), dropped: Sequence[str] = ()) -> None:
        self.steps = steps
        self.dropped = dropped

    def fit(self, X: pd.DataFrame, y: Any = None) -> AddedFeatures:  # noqa: N803  scikit-learn's name
        """Learn the group means and the last values."""
        self.fit_transform(X, y)
        return self

    def fit_transform(self, X: pd.DataFrame, y: Any = None, **_: Any) -> pd.DataFrame:  # noqa: N803
        """Learn from rows, and return them with what was known of each before it.

        Raises ``ValueError`` where a step's column has the name of another one.

        Parameters
        ----------
        X : pandas.DataFrame
            Rows by time.
        y : array-like, optional
            Their labels, for group means.
        **_
            Nothing else is used.
        """
        names = [feature_name(tuple(step)) for step in self.steps]
        replaced = {name for name in names if name in X.columns or names.count(name) > 1}
        if replaced:
            raise ValueError(f"A feature would replace another column of its name: {', '.join(sorted(replaced))}.")
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        labels = None if y is None else _as_numbers(y)
        self.overall_ = 0.0 if labels is None else float(labels.mean())
        self.means_: dict[str, dict[str, float]] = {}
        self.last_: dict[str, float] = {}
        added = {}
        for step in map(tuple, self.steps):
            column = step[1]
            if step[0] == "mean" and labels is not None:
                added[feature_name(step)] = self._earlier_means(X[column], labels)
            else:
                if step[0] == "lag":
                    # The first row has none before it.
                    self.last_[column] = float(X[column].iloc[0])
                added[feature_name(step)] = self._value(step, X)
            if step[0] == "lag":
                self.last_[column] = float(X[column].iloc[-1])
        return self._with(X, added)

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803  scikit-learn's name
        """Return rows with the added columns."""
        return self._with(X, {feature_name(tuple(step)): self._value(tuple(step), X) for step in self.steps})

    def _with(self, rows: pd.DataFrame, added: dict[str, Any]) -> pd.DataFrame:
        return rows.drop(columns=[name for name in self.dropped if name in rows.columns]).assign(**added)

    def _value(self, step: Step, rows: pd.DataFrame) -> Any:
        kind, column = step[0], rows[step[1]]
        if kind == "ratio":
            below = rows[step[2]].to_numpy(dtype=np.float64)
            safe = np.where(below == 0, 1.0, below)
            with np.errstate(over="ignore", invalid="ignore"):
                values = np.where(below == 0, 0.0, column.to_numpy(dtype=np.float64) / safe)
            # Of two finite numbers far apart, the ratio is none that a model can take.
            return np.where(np.isfinite(values), values, np.nan)
        if kind == "lag":
            values = column.to_numpy(dtype=np.float64)
            return np.concatenate([[self.last_[step[1]]], values])[: len(values)]
        if kind == "mean":
            means = self.means_.get(step[1], {})
            return _groups(column).map(means).astype(float).fillna(self.overall_).to_numpy()
        moments = pd.to_datetime(column, utc=True, errors="coerce", format="mixed")
        return getattr(moments.dt, _PARTS[kind]).to_numpy(dtype=np.float64)

    def _earlier_means(self, column: pd.Series, labels: Any) -> Any:
        """Return the mean of each row's group over the stretches before its own, and keep that over all rows."""
        groups = _groups(column)
        block = np.arange(len(groups)) * _BLOCKS // max(len(groups), 1)
        values = np.full(len(groups), np.nan)
        sums: dict[str, float] = {}
        counts: dict[str, float] = {}
        total = rows = 0.0
        for number in range(_BLOCKS):
            inside = np.flatnonzero(block == number)
            if not len(inside):
                continue
            overall = total / rows if rows else self.overall_
            values[inside] = [
                (sums.get(group, 0.0) + _PRIOR_ROWS * overall) / (counts.get(group, 0.0) + _PRIOR_ROWS)
                for group in groups.iloc[inside]
            ]
            for group, label in zip(groups.iloc[inside], labels[inside], strict=True):
                sums[group] = sums.get(group, 0.0) + float(label)
                counts[group] = counts.get(group, 0.0) + 1.0
            total, rows = total + float(labels[inside].sum()), rows + len(inside)
        self.means_[str(column.name)] = {
            group: (sums[group] + _PRIOR_ROWS * self.overall_) / (counts[group] + _PRIOR_ROWS) for group in sums
        }
        return values


def _groups(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "(missing)").astype(str)


def _as_numbers(labels: Any) -> Any:
    """Return labels as numbers: of two classes of text, the second one in the alphabet counts 1."""
    values = pd.Series(np.asarray(labels))
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64)
    return (values == values.max()).to_numpy(dtype=np.float64)
