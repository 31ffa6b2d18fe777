"""An expectation suite that a reference suggests, for models whose team has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from airmedic_core.profile import CategoricalProfile, NumericProfile
from airmedic_core.records import Json

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Reference
    from airmedic_core.profile.columns import ColumnProfile


@dataclass(frozen=True)
class Limits:
    """Says how cautious a proposal is. Wide on purpose: what moves within these limits is for the other checks."""

    rare_nulls: float = 0.01
    """Share of nulls in the reference up to which values are expected in every window."""
    not_null: float = 0.9
    """Share of the values that must be there: a window with a tenth of nulls is no accident of single rows."""
    inside: float = 0.98
    """Share of the numbers that must lie within the range of the reference, widened by its width on both sides."""
    known: float = 0.6
    """Share of the categories that must be known ones: a vocabulary grows."""
    categories: int = 50
    """Most categories that a vocabulary may have: longer ones are names, and new names are no fault."""
    zeros: float = 0.01
    """Share of zeros in the reference from which on zero is an edge of the column, as it is of counts."""
    skew: float = 2.4
    """How many times as far as its lower tail (to the 1 % quantile) the upper tail of a column (to the 99 % quantile)
    reaches from the median, from which on it grows by factors, as amounts and durations do: these end at zero. It is
    1.0 of a normal distribution and 1.8 of a cool November; 5.7 of an exponential one and exp(2.326 sigma) of a
    log-normal one: 2.0 with a sigma of 0.3, which counts as open, 3.2 with 0.5 and 6.4 with 0.8. The limit leaves room
    for chance on both sides. Of 100 rows, one normal sample in a hundred comes to 1.7 and one exponential sample in a
    hundred falls to 2.9; of 10,000 rows, a log-normal one with a sigma of 0.5 falls to 3.0."""
    rows: int = 50_000
    """Most rows that a proposal is held against. Of so many, a share of 2 % is measured to 0.06 points."""


LIMITS = Limits()
_IN_SET = "expect_column_values_to_be_in_set"


def propose_suite(reference: Reference) -> Json:
    """Return a cautious suite: a place to start from, not the last word.

    It asks for the columns, for values where there always were any, for numbers within a wide margin of those seen, and
    for known categories, each for the greater part of the rows. What moves slowly is for the drift check.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.profile import build_reference
    >>> from airmedic_core.spec import parse_spec
    >>> spec = parse_spec({"name": "orders", "task": "binary", "target": "returned",
    ...                    "data": {"path": "orders.csv", "time_column": "at"}, "features": {"numeric": ["price"]}})
    >>> rows = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=100, freq="h", tz="UTC"), "price": range(100)})
    >>> [expectation["type"] for expectation in propose_suite(build_reference(spec, rows))["expectations"]]
    ['expect_column_to_exist', 'expect_column_values_to_not_be_null', 'expect_column_values_to_be_between']
    """
    # Of the inputs: the times of labels, and labels themselves, are missing as long as they are not known.
    inputs = (*reference.edges.numeric, *reference.edges.categorical)
    expectations = [expectation for name in inputs for expectation in _expectations_on(reference, name)]
    return {"name": "proposed", "expectations": expectations}


def _expectations_on(reference: Reference, name: str) -> Iterator[Json]:
    from airmedic_core.measures.column_statistics import one_value_per_window

    column = reference.whole.columns[name]
    yield {"type": "expect_column_to_exist", "kwargs": {"column": name}}
    if not column.values:
        return
    if column.null_fraction < LIMITS.rare_nulls:
        yield _expectation("expect_column_values_to_not_be_null", name, LIMITS.not_null)
    if isinstance(column, NumericProfile) and column.minimum is not None and column.maximum is not None:
        margin = column.maximum - column.minimum or abs(column.maximum) or 1.0
        low = 0.0 if _ends_at_zero(column) else column.minimum - margin
        yield _expectation(
            "expect_column_values_to_be_between", name, LIMITS.inside, min_value=low, max_value=column.maximum + margin
        )
    # A calendar goes on: the next month is no broken value.
    elif _is_vocabulary(column) and not one_value_per_window(
        [window.profile for window in reference.windows if window.profile.rows], name
    ):
        yield _expectation(_IN_SET, name, LIMITS.known, value_set=list(column.categories))


def _ends_at_zero(column: NumericProfile) -> bool:
    """Return whether nothing can be below zero, and not only happens not to be: the first frost is no fault.

    Counts stand at zero often. Amounts and durations reach further up than down. Of a measure that does neither, such
    as a temperature in summer, the reference cannot tell how it goes on below what it has seen.
    """
    if column.minimum is None or column.minimum < 0:
        return False
    if column.zeros >= LIMITS.zeros * column.values:
        return True
    low, middle, high = (_quantile(column, share) for share in (0.01, 0.5, 0.99))
    return high - middle >= LIMITS.skew * (middle - low) > 0


def _quantile(column: NumericProfile, share: float) -> float:
    """Return the cut point up to which a share of the values lies."""
    place = int(np.searchsorted(np.cumsum(column.counts), share * column.values))
    return float(column.edges[min(place, len(column.edges) - 1)])


def _is_vocabulary(column: ColumnProfile) -> TypeGuard[CategoricalProfile]:
    return (
        isinstance(column, CategoricalProfile) and 1 < len(column.categories) <= LIMITS.categories and not column.other
    )


def _expectation(kind: str, column: str, mostly: float, **arguments: object) -> Json:
    return {"type": kind, "kwargs": {"column": column, **arguments, "mostly": mostly}}


def rows_for_proposal(frame: pd.DataFrame, suite: Json) -> pd.DataFrame:
    """Return the rows that a proposed suite is held against: evenly spread ones, where there are very many.

    Categories are given the names under which the reference counted them.
    """
    from airmedic_core.profile.values import category_names

    if len(frame) > LIMITS.rows:
        frame = frame.iloc[np.linspace(0, len(frame) - 1, LIMITS.rows).astype(int)]
    columns = {
        expectation["kwargs"]["column"] for expectation in suite["expectations"] if expectation["type"] == _IN_SET
    }
    named = {column: category_names(frame[column]) for column in columns if column in frame}
    for values in named.values():
        values[values == ""] = None
    return frame.assign(**named)
