"""Brings tables of any source into one form: unique names, and the types that models are made for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airmedic_core.errors import UnreadableDataError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_FIRST, _LAST = datetime(1677, 9, 22, tzinfo=UTC), datetime(2262, 4, 11, tzinfo=UTC)
"""The moments that pandas can hold in nanoseconds."""


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return a table as a frame of plain types. Names are those of the table."""
    frame: pd.DataFrame = plain_types(table).to_pandas(
        ignore_metadata=True, date_as_object=False, coerce_temporal_nanoseconds=True
    )
    return frame


def with_unique_names(table: pa.Table) -> pa.Table:
    """Rename the second and later columns of one name to ``name (2)``, ``name (3)``."""
    names: list[str] = []
    for name in table.column_names:
        unique, count = name, 1
        while unique in names:
            count += 1
            unique = f"{name} ({count})"
        names.append(unique)
    return table if names == table.column_names else table.rename_columns(names)


def plain_types(table: pa.Table) -> pa.Table:
    """Return a table whose columns have the types that models are made for.

    Dictionaries are what they stand for, decimals are numbers, bytes are text, durations are seconds, times of day are
    text, and moments before 1677 or after 2262, such as the 31st of December 9999, are missing.
    """
    import pyarrow as pa

    for position, field in enumerate(table.schema):
        column = given = table.column(position)
        if pa.types.is_dictionary(field.type):
            column = column.cast(field.type.value_type)
        if pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            column = _decoded(column)
        if pa.types.is_duration(column.type):
            column = _seconds(column)
        if pa.types.is_time(column.type):
            column = column.cast(pa.string())
        if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
            column = _within_calendar(column)
        if column is not given:
            table = table.set_column(position, field.name, column)
    return table


def stack(tables: list[pa.Table]) -> pa.Table:
    """Put tables of slightly different columns below each other; columns of conflicting types become text.

    Raises
    ------
    UnreadableDataError
        If a column is nested in one file and not in another.
    """
    import pyarrow as pa

    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        types: dict[str, set[pa.DataType]] = {}
        for field in (field for table in tables for field in table.schema):
            types.setdefault(field.name, set()).add(field.type)
        numeric = {name for name, kinds in types.items() if all(_is_number(kind) for kind in kinds)}
        conflicting = {name for name, kinds in types.items() if len(kinds - {pa.null()}) > 1} - numeric
        try:
            return pa.concat_tables([_as_text(table, conflicting) for table in tables], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise UnreadableDataError(
                f"The files do not have the same columns: {error}.", "Bring them into one form."
            ) from error


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind))


def _as_text(table: pa.Table, names: set[str]) -> pa.Table:
    for name in names & set(table.column_names):
        table = table.set_column(
            table.column_names.index(name), name, plain_types(table.select([name]))[name].cast("string")
        )
    return table


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    texts = [None if value is None else value.decode("utf-8", errors="replace") for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    parts = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[column.type.unit]
    return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), parts)


def _within_calendar(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        return column
    zone = getattr(column.type, "tz", None)
    first, last = (
        pa.scalar(moment if zone else moment.replace(tzinfo=None), pa.timestamp("s", tz=zone)).cast(column.type)
        for moment in (_FIRST, _LAST)
    )
    inside = pc.and_(pc.greater_equal(column, first), pc.less(column, last))
    if pc.all(inside).as_py() is not False:
        return column
    return pc.if_else(inside, column, pa.scalar(None, column.type))
