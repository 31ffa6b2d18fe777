"""Which columns are inputs of the model, where the spec does not say."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airmedic_core.columns import ColumnType, column_type
from airmedic_core.errors import MissingColumnError, closest
from airmedic_core.profile.clock_columns import telling_the_time
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

_MOST_CATEGORIES = 1000
"""Different texts above which a column is no category: a model of usual size learns nothing of each."""
_FREE_TEXT_FRACTION = 0.5
"""Different texts, as a share of the rows, above which a column is written freely."""
_READABLE_FRACTION = 0.95
"""Share of the different texts that must be numbers or moments for a column of text to count as a column of those."""
_ENOUGH_ROWS = 100
"""Rows from which it is no chance that all values differ."""
_LOOKED_AT = 2000
"""Different texts that are tried to be read."""
_IDENTIFIER = re.compile(r"(^|_)(id|uuid|guid|key)$", re.IGNORECASE)


@dataclass(frozen=True)
class Features:
    """The inputs of a model, and what was left out."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    """Column → why it is not an input."""


def infer_features(spec: ModelSpec, frame: pd.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the numeric and the categorical inputs; see :func:`choose_features`."""
    features = choose_features(spec, frame)
    return features.numeric, features.categorical


def choose_features(spec: ModelSpec, frame: pd.DataFrame) -> Features:
    """Choose the inputs of a model from the rows of its reference.

    A list that the spec gives is taken as it is; the other is inferred from the columns that remain. Numbers are
    numeric, text and booleans categorical. Identifiers, free text, moments, nested and empty columns are left out. So
    is what only tells the time of the year, such as a month, where the rows do not span that time twice: nothing can be
    learned from it, and each new window would seem to be unlike all before.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        Rows of the reference.

    Raises
    ------
    MissingColumnError
        If the rows lack a feature that the spec names.
    """
    given = spec.features
    for name in (*given.numeric, *given.categorical):
        if name not in frame.columns:
            raise MissingColumnError(
                f"The spec names the feature {name!r}, which the data do not have.",
                closest(name, map(str, frame.columns)),
            )
    numeric, categorical, left_out = list(given.numeric), list(given.categorical), {}
    declared = {*numeric, *categorical}
    tells_time = telling_the_time(spec, frame)
    for position, name in enumerate(map(str, frame.columns)):
        if name in declared or not spec.may_be_feature(name):
            continue
        declared.add(name)
        kind, reason = _kind_of(name, frame.iloc[:, position])
        reason = tells_time.get(name, reason)
        if reason:
            left_out[name] = reason
        elif kind == "numeric" and not given.numeric:
            numeric.append(name)
        elif kind == "categorical" and not given.categorical:
            categorical.append(name)
        else:
            left_out[name] = f"the spec lists the {kind} features without it"
    return Features(tuple(numeric), tuple(categorical), left_out)


def _kind_of(name: str, values: pd.Series) -> tuple[str, str]:
    kind = column_type(values)
    if kind is ColumnType.EMPTY:
        return "", "it holds no values"
    if kind is ColumnType.NESTED:
        return "", "it holds lists or mappings"
    if kind is ColumnType.TIME:
        return "", "it holds moments"
    if kind in (ColumnType.INTEGER, ColumnType.NUMBER):
        return "numeric", _identifier_reason(name, values) if kind is ColumnType.INTEGER else ""
    if kind is ColumnType.BOOLEAN:
        return "categorical", ""
    return _text_kind(name, values)


def _identifier_reason(name: str, values: pd.Series) -> str:
    known = values.dropna()
    if len(known) < _ENOUGH_ROWS or not known.is_unique:
        return ""
    counter = known.max() - known.min() + 1 == len(known)
    return "it is an identifier: every row has its own value" if counter or _IDENTIFIER.search(name) else ""


def _text_kind(name: str, values: pd.Series) -> tuple[str, str]:
    import pandas as pd

    rows, distinct = values.count(), _distinct_texts(values)
    sample = distinct.head(_LOOKED_AT)
    if pd.to_numeric(sample, errors="coerce").notna().mean() > _READABLE_FRACTION:
        return "numeric", ""
    if pd.to_datetime(sample, errors="coerce", utc=True, format="ISO8601").notna().mean() > _READABLE_FRACTION:
        return "", "it holds moments, as text"
    if len(distinct) > _MOST_CATEGORIES or (rows >= _ENOUGH_ROWS and len(distinct) > _FREE_TEXT_FRACTION * rows):
        what = "an identifier" if _IDENTIFIER.search(name) or len(distinct) == rows else "free text"
        return "", f"it looks like {what}: {len(distinct)} different values in {rows} rows"
    return "categorical", ""


def _distinct_texts(values: pd.Series) -> pd.Series:
    import pandas as pd

    with suppress(TypeError):  # lists and mappings have no hash
        values = pd.Series(values.unique(), dtype=object)
    return values.dropna().astype(str).drop_duplicates()
