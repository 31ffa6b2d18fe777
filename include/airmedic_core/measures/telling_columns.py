"""Columns that a person should look at before a model learns from them, by what each one tells alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.numbers import percent

if TYPE_CHECKING:
    import pandas as pd

_LEAST_ROWS = 50
"""With fewer rows, how well a column predicts is chance."""
_MOST_KINDS = 200
"""Words of more kinds tell single rows apart, and are not judged."""
_STRONG = 0.8
"""AUC of one column alone from which on it is worth a look. It is a choice: two normals have it whose means are 1.2
standard deviations apart, and few inputs that are known in advance tell so much alone."""
_ALIKE = 0.95
"""Rank correlation from which on a column is another form of what it is compared with."""
_PURE = 0.98
"""Share of the rows that a column's values alone tell, from which on it is worth a look."""


def gives_away(values: pd.Series, target: pd.Series, task: str, *, at_least: float = 0.0) -> str:
    """Return how well a column alone tells the target, where that is too well to be taken for granted; else nothing.

    Parameters
    ----------
    values, target : pandas.Series
        The column and the target, of the same rows.
    task : str
        ``binary``, ``multiclass`` or ``regression``.
    at_least : float
        AUC, share of the rows or rank correlation that is too well, where it is to be more than is worth a look.
    """
    import pandas as pd

    known = target.notna()
    column, truth = values[known], target[known]
    if len(column) < _LEAST_ROWS:
        return ""
    if pd.api.types.is_datetime64_any_dtype(column):
        column = column.astype("int64").where(column.notna()).astype(float)
    elif not column.map(type).map(_can_be_counted).all():
        column = column.astype(str)
    told = _told(column, truth, task, at_least)
    if told or not 0 < column.isna().sum() < len(column):
        return told
    # A date of the end that only those have who have ended.
    told = _told(column.isna().astype(int), truth, task, at_least)
    return f"whether it is missing tells as much: {told}" if told else ""


def _can_be_counted(kind: type) -> bool:
    return kind.__hash__ is not None


def _told(column: pd.Series, truth: pd.Series, task: str, at_least: float) -> str:
    import pandas as pd

    if column.nunique(dropna=False) < 2:
        return ""
    if task == "regression":
        numeric = pd.api.types.is_numeric_dtype(column) and pd.api.types.is_numeric_dtype(truth)
        alike = abs(column.astype(float).corr(truth.astype(float), method="spearman")) if numeric else 0.0
        return f"rank correlation with the target {alike:.2f}" if alike > max(_ALIKE, at_least) else ""
    if column.nunique() <= _MOST_KINDS:
        most = pd.crosstab(column.astype(str), truth.astype(str)).max(axis=1).sum() / len(column)
        if most > max(_PURE, at_least) and truth.value_counts(normalize=True).iloc[0] + 0.03 < _PURE:
            return f"its values alone tell the target in {percent(float(most))} of the rows"
    return _strength(column, truth, max(_STRONG, at_least)) if task == "binary" else ""


def rises_with_time(values: pd.Series, times: pd.Series) -> str:
    """Return how closely a column of numbers follows time, where it hardly does anything else; else nothing.

    What a model learns of such a column, such as a running number, does not hold for rows that come later.

    Parameters
    ----------
    values, times : pandas.Series
        The column and the time of each row.
    """
    known = values.notna() & times.notna()
    column, moments = values[known].astype(float), times[known].astype("int64").astype(float)
    if len(column) < _LEAST_ROWS or column.nunique() <= 2 or moments.nunique() <= 2:
        return ""
    alike = column.corr(moments, method="spearman")
    return f"rank correlation with time {alike:.2f}" if abs(alike) > _ALIKE else ""


def _strength(column: pd.Series, truth: pd.Series, least: float) -> str:
    """Return the AUC of a column alone for two classes, where it is strong."""
    import numpy as np
    import pandas as pd
    from sklearn.metrics import roc_auc_score

    positive = (truth == truth.iloc[0]).to_numpy()
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype(float).replace([np.inf, -np.inf], np.nan)
        # Being missing may tell as much as a value does.
        scores = numbers.fillna(numbers.min() - 1).to_numpy()
        judged = np.ones(len(scores), bool)
    elif column.nunique() <= _MOST_KINDS:
        # How often each word goes with the class in every second row, used for the others: a rare word says nothing.
        judged = np.arange(len(column)) % 2 == 1
        words = column.astype(str).reset_index(drop=True)
        shares = pd.Series(positive[~judged]).groupby(words[~judged].to_numpy()).mean()
        scores = words.map(shares).fillna(positive.mean()).to_numpy(float)
    else:
        return ""
    if not 0 < positive[judged].sum() < judged.sum():
        return ""
    auc = roc_auc_score(positive[judged], scores[judged])
    strength = max(auc, 1 - auc)
    return f"alone it predicts the target with an AUC of {strength:.2f}" if strength >= least else ""
