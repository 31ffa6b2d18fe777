"""Profiles of single columns inside a database: one query each, grouped by bin or by category.

The bin is found by a tree of comparisons, which every SQL engine knows and evaluates in a few steps for each row.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.columns import category_name
from airmedic_core.profile.columns import Floats, NumericProfile, TimeProfile, centre_of
from airmedic_core.records import Json

if TYPE_CHECKING:
    import ibis

_NULL, _NON_FINITE, _UNREADABLE = -1, -2, -3
_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"


def number_of(table: ibis.Table, name: str) -> tuple[Any, Any]:
    """Return a column as floats, null where it is missing or unreadable, and whether it is unreadable."""
    import ibis

    column = table[name]
    kind = column.type()
    if kind.is_boolean():
        number = ibis.cases((column, float_literal(1.0)), (~column, float_literal(0.0)), else_=ibis.null("float64"))
        return number, ibis.literal(value=False)
    if kind.is_floating():
        number = column.cast("float64")
        return ibis.ifelse(number.isnan(), ibis.null("float64"), number), ibis.literal(value=False)
    if kind.is_numeric():
        return column.cast("float64"), ibis.literal(value=False)
    if kind.is_string():
        readable = column.re_search(_NUMBER)
        return ibis.ifelse(readable, column.strip(), ibis.null("string")).cast("float64"), ~readable
    return ibis.null("float64"), column.notnull()


def float_literal(value: float) -> Any:
    """Return a number that every database takes for a float."""
    import ibis

    # From text, because Postgres takes a plain 1.0 for a decimal, and then adds up decimals.
    return ibis.literal(repr(value)).cast("float64")


def is_finite(number: Any) -> Any:
    """Return whether a number is there and not infinite."""
    return number.notnull() & ~is_infinite(number)


def is_infinite(number: Any) -> Any:
    """Return whether a number lies beyond the largest float: Spark does not find infinity when asked for it by name."""
    return number.abs() > float_literal(sys.float_info.max)


def _bin(number: Any, cuts: Floats, first: int, last: int) -> Any:
    """Return the bin of a number as a balanced tree of comparisons over ``cuts[first:last]``."""
    import ibis

    if first == last:
        return ibis.literal(first, "int32")
    middle = (first + last) // 2
    lower, upper = _bin(number, cuts, first, middle), _bin(number, cuts, middle + 1, last)
    return ibis.ifelse(number <= ibis.literal(float(cuts[middle]), "float64"), lower, upper)


def by_bin(table: ibis.Table, name: str, cuts: Floats, more: dict[str, Any] | None = None) -> list[Json]:
    """Return, for each bin, its rows and sums; rows without a finite number have bins of their own.

    Parameters
    ----------
    table : ibis.Table
        The rows.
    name : str
        The column of numbers.
    cuts : numpy.ndarray
        Ascending cut points.
    more : dict of str to ibis column, optional
        What else to add up in each bin, as ``sum_<key>``.
    """
    import ibis

    number, unreadable = number_of(table, name)
    group = ibis.cases(
        (unreadable.fill_null(ibis.literal(value=False)), ibis.literal(_UNREADABLE, "int32")),
        (number.isnull(), ibis.literal(_NULL, "int32")),
        (is_infinite(number), ibis.literal(_NON_FINITE, "int32")),
        else_=_bin(number, cuts, 0, len(cuts)),
    )
    part = table.select(airmedic_bin=group, airmedic_x=number, **(more or {}))
    finite = ibis.ifelse(part.airmedic_bin >= 0, part.airmedic_x, ibis.null("float64"))
    deviation = finite - float_literal(centre_of(cuts))
    return records(
        part.group_by("airmedic_bin").aggregate(
            rows=part.count(),
            total=finite.sum(),
            squares=(deviation * deviation).sum(),
            minimum=finite.min(),
            maximum=finite.max(),
            zeros=ibis.ifelse(finite == 0, 1, 0).sum(),
            negatives=ibis.ifelse(finite < 0, 1, 0).sum(),
            **{f"sum_{key}": part[key].sum() for key in more or {}},
        )
    )


def numeric_column(table: ibis.Table, name: str, cuts: Floats) -> NumericProfile:
    """Profile a column of numbers.

    Parameters
    ----------
    table : ibis.Table
        The rows.
    name : str
        The column.
    cuts : numpy.ndarray
        Ascending cut points.
    """
    return profile_of_bins(cuts, by_bin(table, name, cuts))


def profile_of_bins(cuts: Floats, groups: list[Json]) -> NumericProfile:
    """Return the profile of what :func:`by_bin` found."""
    rows = {group["airmedic_bin"]: int(group["rows"]) for group in groups}
    empty = NumericProfile.without_values(
        cuts, rows=sum(rows.values()), nulls=rows.get(_NULL, 0), unreadable=rows.get(_UNREADABLE, 0)
    )
    filled = [group for group in groups if group["airmedic_bin"] >= 0]
    empty = replace(empty, non_finite=rows.get(_NON_FINITE, 0))
    if not filled:
        return empty
    counts, sums = empty.counts.copy(), empty.sums.copy()
    for group in filled:
        counts[group["airmedic_bin"]] = group["rows"]
        sums[group["airmedic_bin"]] = group["total"]
    return replace(
        empty,
        counts=counts,
        sums=sums,
        zeros=sum(int(group["zeros"]) for group in filled),
        negatives=sum(int(group["negatives"]) for group in filled),
        minimum=min(float(group["minimum"]) for group in filled),
        maximum=max(float(group["maximum"]) for group in filled),
        total=float(sums.sum()),
        squares=sum(float(group["squares"]) for group in filled),
    )


def category_counts(table: ibis.Table, name: str) -> tuple[dict[str, int], int]:
    """Return the rows of each value of a column by the value's name, and the number of missing values."""
    column = table[name]
    if column.type().is_decimal():
        column = column.cast("float64")
    counts: dict[str, int] = {}
    nulls = 0
    for group in records(table.select(value=column).group_by("value").aggregate(rows=lambda part: part.count())):
        value, rows = group["value"], int(group["rows"])
        if value is None or (isinstance(value, float) and np.isnan(value)):
            nulls += rows
        else:
            counts[category_name(value)] = counts.get(category_name(value), 0) + rows
    return counts, nulls


def time_column(table: ibis.Table, name: str) -> TimeProfile:
    """Profile a column of moments; what has no time zone is in UTC."""
    column = table[name]
    if not column.type().is_timestamp():
        column = column.cast("timestamp")
    part = table.select(value=column)
    ends = records(
        part.aggregate(rows=part.count(), values=part.value.count(), low=part.value.min(), high=part.value.max())
    )[0]
    rows, nulls = int(ends["rows"]), int(ends["rows"]) - int(ends["values"])
    if nulls == rows:
        return TimeProfile(rows, nulls)
    return TimeProfile(rows, nulls, _utc(ends["low"]), _utc(ends["high"]))


def records(table: ibis.Table) -> list[Json]:
    """Run a query and return its rows."""
    rows: list[Json] = table.to_pyarrow().to_pylist()
    return rows


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
