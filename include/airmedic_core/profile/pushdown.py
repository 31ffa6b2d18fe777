"""Builds the same profile inside a database, through Ibis: only sums and counts travel.

Each column is one query that groups the rows by bin, or by category. The bin is found by a tree of comparisons, which
every SQL engine knows and evaluates in a few steps for each row.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.columns import category_name
from airmedic_core.profile.build import categorical_profile
from airmedic_core.profile.columns import (
    CategoricalProfile,
    ColumnProfile,
    Floats,
    NumericProfile,
    TimeProfile,
    centre_of,
)
from airmedic_core.profile.edges import Edges
from airmedic_core.profile.profile import Profile, ScoreProfile, SegmentProfile
from airmedic_core.records import Json
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import ibis

_NULL, _NON_FINITE, _UNREADABLE = -1, -2, -3
_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"


def build_profile_ibis(
    edges: Edges, table: ibis.Table, *, score: str = "", label: str = "", loss: str = "", window: Window | None = None
) -> Profile:
    """Profile the rows of an Ibis table where they are.

    Parameters
    ----------
    edges : Edges
        The bins, from the reference.
    table : ibis.Table
        The rows, such as :func:`airmedic_core.sources.sql.windowed` gives.
    score, label, loss : str
        Columns with the model's scores, the labels as numbers, and the losses; null where not known.
    window : Window, optional
        The window that the rows are of.

    Returns
    -------
    Profile
        Equal to that of :func:`~airmedic_core.profile.build.build_profile` on the same rows, up to the order in which
        the database adds floats.
    """
    present = set(table.columns)
    rows = int(table.count().to_pyarrow().as_py())
    columns: dict[str, ColumnProfile] = {}
    for name, cuts in edges.numeric.items():
        if name in present:
            columns[name] = _numeric(table, name, cuts)
        else:
            columns[name] = NumericProfile.without_values(cuts, rows=rows, nulls=rows)
    for name, known in edges.categorical.items():
        if name in present:
            columns[name] = categorical_profile(known, *_category_counts(table, name))
        else:
            columns[name] = CategoricalProfile.without_values(known.top, rows)
    for name in edges.time:
        columns[name] = _moments(table, name) if name in present else TimeProfile(rows, rows)
    measures = {"score": score, "label": label, "loss": loss}
    segments: dict[str, SegmentProfile] = {}
    for name, values in edges.segments.items():
        if name in present:
            segments.update(_segments(table, name, values, measures))
    return Profile(
        edges=edges,
        rows=rows,
        columns=columns,
        scores=_scores(table, edges.scores, measures) if score and edges.scores is not None else None,
        segments=segments,
        missing=frozenset(edges.columns) - present,
        window=window,
    )


def _number(table: ibis.Table, name: str) -> tuple[Any, Any]:
    """Return a column as floats, null where it is missing or unreadable, and whether it is unreadable."""
    import ibis

    column = table[name]
    kind = column.type()
    if kind.is_boolean():
        number = ibis.cases((column, _float(1.0)), (~column, _float(0.0)), else_=ibis.null("float64"))
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


def _float(value: float) -> Any:
    import ibis

    # From text, because Postgres takes a plain 1.0 for a decimal, and then adds up decimals.
    return ibis.literal(repr(value)).cast("float64")


def _finite(number: Any) -> Any:
    return number.notnull() & ~number.isinf()


def _bin(number: Any, cuts: Floats, first: int, last: int) -> Any:
    """Return the bin of a number as a balanced tree of comparisons over ``cuts[first:last]``."""
    import ibis

    if first == last:
        return ibis.literal(first, "int32")
    middle = (first + last) // 2
    lower, upper = _bin(number, cuts, first, middle), _bin(number, cuts, middle + 1, last)
    return ibis.ifelse(number <= ibis.literal(float(cuts[middle]), "float64"), lower, upper)


def _by_bin(table: ibis.Table, name: str, cuts: Floats, more: dict[str, Any] | None = None) -> list[Json]:
    import ibis

    number, unreadable = _number(table, name)
    group = ibis.cases(
        (unreadable.fill_null(ibis.literal(value=False)), ibis.literal(_UNREADABLE, "int32")),
        (number.isnull(), ibis.literal(_NULL, "int32")),
        (number.isinf(), ibis.literal(_NON_FINITE, "int32")),
        else_=_bin(number, cuts, 0, len(cuts)),
    )
    part = table.select(airmedic_bin=group, airmedic_x=number, **(more or {}))
    finite = ibis.ifelse(part.airmedic_bin >= 0, part.airmedic_x, ibis.null("float64"))
    deviation = finite - _float(centre_of(cuts))
    return _records(
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


def _numeric(table: ibis.Table, name: str, cuts: Floats) -> NumericProfile:
    return _numeric_profile(cuts, _by_bin(table, name, cuts))


def _numeric_profile(cuts: Floats, groups: list[Json]) -> NumericProfile:
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


def _category_counts(table: ibis.Table, name: str) -> tuple[dict[str, int], int]:
    column = table[name]
    if column.type().is_decimal():
        column = column.cast("float64")
    counts: dict[str, int] = {}
    nulls = 0
    for group in _records(table.select(value=column).group_by("value").aggregate(rows=lambda part: part.count())):
        value, rows = group["value"], int(group["rows"])
        if value is None or (isinstance(value, float) and np.isnan(value)):
            nulls += rows
        else:
            counts[category_name(value)] = counts.get(category_name(value), 0) + rows
    return counts, nulls


def _moments(table: ibis.Table, name: str) -> TimeProfile:
    column = table[name]
    if not column.type().is_timestamp():
        column = column.cast("timestamp")
    part = table.select(value=column)
    found = _records(
        part.aggregate(rows=part.count(), values=part.value.count(), low=part.value.min(), high=part.value.max())
    )[0]
    rows, nulls = int(found["rows"]), int(found["rows"]) - int(found["values"])
    if nulls == rows:
        return TimeProfile(rows, nulls)
    return TimeProfile(rows, nulls, _utc(found["low"]), _utc(found["high"]))


def _label_sums(table: ibis.Table, measures: dict[str, str]) -> dict[str, Any]:
    """Return, for each row, what is added up over the rows with a finite score and a known label."""
    import ibis

    zero = _float(0.0)
    score, label, loss = (_number(table, name)[0] if name else ibis.null("float64") for name in measures.values())
    labelled = label.notnull() & (_finite(score) if measures["score"] else ibis.literal(value=True))
    sums = {"labelled": _float(1.0), "label": label, "score": score, "loss": loss}
    return {
        key: ibis.ifelse(labelled.fill_null(ibis.literal(value=False)), value.fill_null(zero), zero)
        for key, value in sums.items()
    }


def _scores(table: ibis.Table, cuts: Floats, measures: dict[str, str]) -> ScoreProfile:
    groups = _by_bin(table, measures["score"], cuts, _label_sums(table, measures))
    sums = {key: np.zeros(len(cuts) + 1) for key in ("labelled", "label", "score", "loss")}
    for group in groups:
        if group["airmedic_bin"] >= 0:
            for key, total in sums.items():
                total[group["airmedic_bin"]] = group[f"sum_{key}"]
    return ScoreProfile(
        scores=_numeric_profile(cuts, groups),
        labelled=sums["labelled"].astype(np.int64),
        label_totals=sums["label"],
        score_totals=sums["score"],
        loss_totals=sums["loss"],
    )


def _segments(
    table: ibis.Table, name: str, values: tuple[str, ...], measures: dict[str, str]
) -> dict[str, SegmentProfile]:
    import ibis

    score = _number(table, measures["score"])[0] if measures["score"] else ibis.null("float64")
    all_scores = score.fill_null(_float(0.0))
    part = table.select(value=table[name], all_scores=all_scores, **_label_sums(table, measures))
    keys = ("all_scores", "labelled", "label", "loss")
    groups = _records(
        part.group_by("value").aggregate(rows=part.count(), **{f"sum_{key}": part[key].sum() for key in keys})
    )
    found: dict[str, SegmentProfile] = {}
    for group in groups:
        value = category_name(group["value"])
        if value in values:
            mine = SegmentProfile(
                int(group["rows"]),
                int(group["sum_labelled"]),
                float(group["sum_all_scores"]),
                float(group["sum_label"]),
                float(group["sum_loss"]),
            )
            key = f"{name}={value}"
            found[key] = found.get(key, SegmentProfile()).merge(mine)
    return found


def _records(table: ibis.Table) -> list[Json]:
    records: list[Json] = table.to_pyarrow().to_pylist()
    return records


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
