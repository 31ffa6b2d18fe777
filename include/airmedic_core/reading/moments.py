"""Reads times: whatever a source keeps, the engine sees moments in UTC."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from airmedic_core.errors import UnreadableDataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ISO = "ISO8601"
"""Says how times are written where a spec does not say."""
EPOCH_UNITS: dict[str, Literal["s", "ms", "us", "ns"]] = {
    "unix": "s",
    "unix_ms": "ms",
    "unix_us": "us",
    "unix_ns": "ns",
}
"""Formats of numbers that count from 1970."""
_SECOND_FACTORS = {"unix": 1.0, "unix_ms": 1e3, "unix_us": 1e6, "unix_ns": 1e9}
_EPOCH_SECONDS = 1e8, 1e10
"""Seconds from 1970, 1973 to 2286: a number that lies between them in seconds, milliseconds and so on is taken for a
moment."""
_ZONE = re.compile(r"\d[T ].*(?:[zZ]|[+-]\d{2}(?::?\d{2})?)$")


def as_moments(column: pa.ChunkedArray, time_format: str, name: str) -> pa.ChunkedArray:
    """Return a column as timestamps in UTC; null where a value is missing or is no moment.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Timestamps, dates, text or numbers. What has no time zone is in UTC.
    time_format : str
        How text is written, in the codes of ``strptime``, or ``unix``, ``unix_ms``, ``unix_us``, ``unix_ns`` for
        numbers; ISO 8601 where empty.
    name : str
        The column's name, for messages.

    Raises
    ------
    UnreadableDataError
        If more than half of the values are no moments.
    """
    import pyarrow as pa

    target = pa.timestamp("us", tz="UTC")
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_null(kind):
        return pa.chunked_array([pa.nulls(len(column), target)])
    if pa.types.is_date(kind):
        column = column.cast(pa.timestamp("s") if pa.types.is_date32(kind) else pa.timestamp("ms"))
        return column.cast(pa.timestamp("us")).cast(target)
    if pa.types.is_timestamp(kind):
        return column.cast(target, safe=False)
    if not time_format and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        raise UnreadableDataError(
            f"The time column {name!r} holds numbers.",
            "Set data.time_format to unix, unix_ms, or the strptime codes such as '%Y%m%d'.",
        )
    values: pd.Series = column.to_pandas()
    moments = read_times(values, time_format or ISO)
    unreadable = moments.isna() & values.notna()
    if unreadable.sum() * 2 > values.notna().sum():
        rule = f"is not written as {time_format!r}" if time_format else "is no ISO 8601 date or time"
        raise UnreadableDataError(
            f"The time column {name!r} holds {str(values[unreadable].iloc[0])[:60]!r}, which {rule}.",
            "Set data.time_format to the strptime codes of the values, such as '%d/%m/%Y'.",
        )
    return _to_arrow(moments, target)


def read_times(values: pd.Series, form: str) -> pd.Series:
    """Return values as moments in UTC, as one format reads them; missing where it does not.

    Parameters
    ----------
    values : pandas.Series
        Moments, text or numbers.
    form : str
        :data:`ISO`, one of :data:`EPOCH_UNITS`, or codes of ``strptime``. Moments are moments in any of them.

    >>> import pandas as pd
    >>> read_times(pd.Series(["31/01/2026", "soon"]), "%d/%m/%Y").dt.strftime("%Y-%m-%d").tolist()
    ['2026-01-31', nan]
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return in_utc(values)
    is_number = pd.api.types.is_numeric_dtype(values.dtype)
    if form in EPOCH_UNITS:
        numbers = values if is_number else pd.to_numeric(values, errors="coerce")
        return pd.to_datetime(numbers, unit=EPOCH_UNITS[form], utc=True, errors="coerce")
    if form == ISO:
        # Numbers are no moments unless somebody says how to read them: 20 would be 20 nanoseconds after 1970.
        nothing = pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns, UTC]")
        return nothing if is_number else _iso(values)
    text = values.astype("string").str.removesuffix(".0") if is_number else values
    return pd.to_datetime(text, utc=True, errors="coerce", format=form)


def in_utc(values: pd.Series) -> pd.Series:
    """Return moments as those of UTC; what is no moment is missing.

    >>> import pandas as pd
    >>> in_utc(pd.Series(pd.to_datetime(["2026-01-31T12:00+02:00"]))).dt.hour.tolist()
    [10]
    """
    import pandas as pd

    # To look for repeated texts, pandas makes objects of 10,000 moments, which texts alone are worth.
    are_moments = pd.api.types.is_datetime64_any_dtype(values.dtype)
    return pd.to_datetime(values, utc=True, errors="coerce", cache=not are_moments)


def epoch_of(values: pd.Series) -> str:
    """Return the format of numbers that count from 1970, by their size; empty where they do not.

    >>> import pandas as pd
    >>> epoch_of(pd.Series([1_767_225_600_000, 1_767_225_660_000]))
    'unix_ms'
    """
    import pandas as pd

    known = values.dropna() if pd.api.types.is_numeric_dtype(values.dtype) else values[:0]
    if known.empty or pd.api.types.is_bool_dtype(values.dtype):
        return ""
    middle, (least, most) = float(known.median()), _EPOCH_SECONDS
    return next((form for form, factor in _SECOND_FACTORS.items() if least < middle / factor < most), "")


def _iso(values: pd.Series) -> pd.Series:
    import pandas as pd

    moments = pd.to_datetime(values, utc=True, errors="coerce", format=ISO)
    zoned = values.astype("string").str.contains(_ZONE, na=False)
    if zoned.any() and not zoned.all():
        # pandas reads a moment without a zone in the zone of the one before it.
        naive = pd.to_datetime(values.where(~zoned), utc=True, errors="coerce", format=ISO)
        moments = moments.where(zoned, naive)
    return moments


def _to_arrow(moments: Any, target: Any) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array([pa.Array.from_pandas(moments).cast(target, safe=False)])
