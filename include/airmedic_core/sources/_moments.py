"""Reads time columns: whatever a source keeps, the engine sees moments in UTC."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from airmedic_core.sources._errors import UnreadableDataError

if TYPE_CHECKING:
    import pyarrow as pa

EPOCH_UNITS: dict[str, Literal["s", "ms", "us", "ns"]] = {
    "unix": "s",
    "unix_ms": "ms",
    "unix_us": "us",
    "unix_ns": "ns",
}
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
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _from_numbers(column, time_format, name, target)
    return _from_text(column, time_format, name, target)


def _from_numbers(column: pa.ChunkedArray, time_format: str, name: str, target: Any) -> pa.ChunkedArray:
    import pandas as pd

    if time_format in EPOCH_UNITS:
        numbers: pd.Series = column.to_pandas()
        moments = pd.to_datetime(numbers, unit=EPOCH_UNITS[time_format], utc=True, errors="coerce")
        return _to_arrow(moments, target)
    if time_format:
        return _from_text(column.cast("string"), time_format, name, target)
    raise UnreadableDataError(
        f"The time column {name!r} holds numbers.",
        "Set data.time_format to unix, unix_ms, or the strptime codes such as '%Y%m%d'.",
    )


def _from_text(column: pa.ChunkedArray, time_format: str, name: str, target: Any) -> pa.ChunkedArray:
    import pandas as pd

    values: pd.Series = column.to_pandas()
    moments = pd.to_datetime(values, utc=True, errors="coerce", format=time_format or "ISO8601")
    zoned = values.str.contains(_ZONE, na=False)
    if not time_format and zoned.any() and not zoned.all():
        # pandas reads a moment without a zone in the zone of the one before it.
        moments = moments.where(
            zoned, pd.to_datetime(values.where(~zoned), utc=True, errors="coerce", format="ISO8601")
        )
    unreadable = moments.isna() & values.notna()
    if unreadable.sum() * 2 > values.notna().sum():
        rule = f"is not written as {time_format!r}" if time_format else "is no ISO 8601 date or time"
        raise UnreadableDataError(
            f"The time column {name!r} holds {str(values[unreadable].iloc[0])[:60]!r}, which {rule}.",
            "Set data.time_format to the strptime codes of the values, such as '%d/%m/%Y'.",
        )
    return _to_arrow(moments, target)


def _to_arrow(moments: Any, target: Any) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array([pa.Array.from_pandas(moments).cast(target, safe=False)])
