"""Says what a column holds, in words that csv, parquet, pandas and SQL share."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_EXACT_INTEGER = 2**53


class ColumnType(StrEnum):
    """The type of a column, as far as monitoring needs it."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"
    NESTED = "nested"
    MIXED = "mixed"
    EMPTY = "empty"


ColumnTypes = dict[str, ColumnType]
"""Column → type, in the order of the source."""


def is_text(values: pd.Series) -> bool:
    """Return whether a column is kept as text, or as objects: pandas 3 has a type of its own for text."""
    import pandas as pd

    return values.dtype == object or isinstance(values.dtype, pd.StringDtype)


def column_type(values: pd.Series) -> ColumnType:
    """Return what a pandas column holds. Integers with nulls, which pandas keeps as floats, are integers."""
    import pandas as pd

    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return column_type(kind.categories.to_series())
    if pd.api.types.is_bool_dtype(kind):
        return ColumnType.BOOLEAN
    if pd.api.types.is_datetime64_any_dtype(kind):
        return ColumnType.TIME
    if pd.api.types.is_integer_dtype(kind):
        return ColumnType.INTEGER
    if pd.api.types.is_float_dtype(kind):
        return _float_type(values.to_numpy(dtype=float, na_value=np.nan))
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    return _INFERRED.get(inferred) or _object_type(values)


def column_types(frame: pd.DataFrame) -> ColumnTypes:
    """Return what each column of a frame holds."""
    return {str(name): column_type(frame.iloc[:, position]) for position, name in enumerate(frame.columns)}


def category_name(value: Any) -> str:
    """Return the name under which a category is counted: ``1``, ``1.0`` and ``"1"`` are one category."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < _EXACT_INTEGER:
        return str(int(value))
    return str(value)


_INFERRED = {
    "string": ColumnType.TEXT,
    "boolean": ColumnType.BOOLEAN,
    "integer": ColumnType.INTEGER,
    "floating": ColumnType.NUMBER,
    "decimal": ColumnType.NUMBER,
    "mixed-integer-float": ColumnType.NUMBER,
    "datetime64": ColumnType.TIME,
    "datetime": ColumnType.TIME,
    "date": ColumnType.TIME,
    "empty": ColumnType.EMPTY,
    "mixed-integer": ColumnType.MIXED,
}


def _float_type(values: np.ndarray) -> ColumnType:
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        return ColumnType.EMPTY if np.isnan(values).all() else ColumnType.NUMBER
    whole = len(finite) < len(values) and _whole(finite[:1000]) and _whole(finite)
    return ColumnType.INTEGER if whole else ColumnType.NUMBER


def _whole(values: np.ndarray) -> bool:
    return bool((values == np.floor(values)).all())


def _object_type(values: pd.Series) -> ColumnType:
    kinds = {type(value) for value in values.dropna().head(1000)}
    nested = any(issubclass(kind, dict | list | tuple | set | np.ndarray) for kind in kinds)
    return ColumnType.NESTED if nested else ColumnType.MIXED
