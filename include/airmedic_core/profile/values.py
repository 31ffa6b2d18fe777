"""Reads the values of one column, from pandas or Arrow, as numbers, as categories or as moments.

Whatever a column holds, the result is defined: what is no number counts as unreadable, what is no category is counted
by its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.columns import category_name, is_text
from airmedic_core.profile.columns import Floats, TimeProfile

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def numbers(values: Any) -> tuple[Floats, int]:
    """Return a column as floats, and how many of its values are no numbers.

    Parameters
    ----------
    values : pandas.Series, pyarrow.Array or pyarrow.ChunkedArray
        The column.

    Returns
    -------
    numpy.ndarray
        Shape (rows,); not-a-number where a value is missing or unreadable.
    int
        Unreadable values: text that is no number, moments, lists.
    """
    return _arrow_numbers(values) if _is_arrow(values) else _pandas_numbers(values)


def category_counts(values: Any) -> tuple[dict[str, int], int]:
    """Return the rows of each value of a column by the value's name, and the number of missing values."""
    pairs = _arrow_counts(values) if _is_arrow(values) else _pandas_counts(values)
    counts: dict[str, int] = {}
    for value, rows in pairs:
        if rows and value is not None and value == value:  # noqa: PLR0124  not-a-number is missing, and unlike itself
            name = category_name(value)
            counts[name] = counts.get(name, 0) + rows
    return counts, len(values) - sum(counts.values())


def moments(values: Any) -> TimeProfile:
    """Profile a column of moments; text is read as ISO 8601, and what has no time zone is in UTC."""
    import pandas as pd

    if _is_arrow(values):
        import pyarrow as pa

        if pa.types.is_timestamp(values.type):
            return _arrow_moments(values)
        values = values.to_pandas()
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = pd.to_datetime(values.astype(object), errors="coerce", utc=True, format="ISO8601")
    nulls = int(values.isna().sum())
    if nulls == len(values):
        return TimeProfile(len(values), nulls)
    return TimeProfile(len(values), nulls, _utc(values.min()), _utc(values.max()))


def category_names(values: pd.Series) -> NDArray[np.object_]:
    """Return the category of each row by the name under which it is counted; empty where there is none."""
    codes, names = levels(values)
    categories: NDArray[np.object_] = np.array([*names, ""], dtype=object)[codes]
    return categories


def category_codes(values: Any, known: Sequence[str]) -> NDArray[np.intp]:
    """Return the position of each row's category among known names, -1 where it is none of them."""
    codes, names = levels(values.to_pandas() if _is_arrow(values) else values)
    position = {name: at for at, name in enumerate(known)}
    return np.array([*(position.get(name, -1) for name in names), -1], dtype=np.intp)[codes]


def levels(values: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Return which level each row is of, -1 where it has no value, and the names of the levels, which may repeat."""
    import pandas as pd

    try:
        codes, levels = pd.factorize(values.astype(object))
    except TypeError:  # lists, mappings and arrays have no hash, and count by their text
        codes, levels = pd.factorize(values.astype(str).where(values.notna()))
    return codes, [category_name(level) for level in levels]


def _is_arrow(values: Any) -> bool:
    return hasattr(values, "null_count")


def _arrow_numbers(values: Any) -> tuple[Floats, int]:
    import pyarrow as pa

    kind = values.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind):
        return np.asarray(values.to_numpy(zero_copy_only=False), float), 0
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False), float), 0
    return _pandas_numbers(values.to_pandas())


def _arrow_moments(values: pa.Array | pa.ChunkedArray) -> TimeProfile:
    import pyarrow as pa
    import pyarrow.compute as pc

    least, greatest = pc.min_max(values.cast(pa.timestamp("us"), safe=False)).as_py().values()
    ends = (None if moment is None else moment.replace(tzinfo=UTC) for moment in (least, greatest))
    return TimeProfile(len(values), values.null_count, *ends)


def _pandas_numbers(series: pd.Series) -> tuple[Floats, int]:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=float, na_value=np.nan), 0
    missing = int(series.isna().sum())
    if pd.api.types.is_datetime64_any_dtype(series.dtype) or pd.api.types.is_timedelta64_dtype(series.dtype):
        return np.full(len(series), np.nan), len(series) - missing
    try:
        read = pd.to_numeric(series.astype(object), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        read = np.array([_number(value) for value in series], float)
    return read, int(np.isnan(read).sum()) - missing


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _arrow_counts(values: Any) -> list[tuple[Any, int]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(values, pa.DictionaryArray):
        codes = values.indices.drop_null().to_numpy(zero_copy_only=False)
        rows = np.bincount(codes, minlength=len(values.dictionary))
        return list(zip(values.dictionary.to_pylist(), rows.tolist(), strict=True))
    try:
        counted = pc.value_counts(values)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return _pandas_counts(values.to_pandas())
    return list(zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True))


def _pandas_counts(series: pd.Series) -> list[tuple[Any, int]]:
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        coded: Any = series.array  # its codes are -1 where a value is missing
        rows = np.bincount(coded.codes + 1, minlength=len(coded.categories) + 1)[1:]
        return list(zip(coded.categories.tolist(), rows.tolist(), strict=True))
    if is_text(series):
        codes, names = levels(series)
        return list(zip(names, np.bincount(codes[codes >= 0], minlength=len(names)).tolist(), strict=True))
    return [(value, int(rows)) for value, rows in series.value_counts().items()]


def _utc(stamp: pd.Timestamp) -> datetime:
    moment: datetime = stamp.to_pydatetime(warn=False)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
