"""An expectation suite that a reference suggests, for models whose team has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.profile import CategoricalProfile, NumericProfile
from airmedic_core.records import Json

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Reference

_MOST_CATEGORIES = 50
_MOST_ROWS = 50_000


def propose_suite(reference: Reference) -> Json:
    """Return a cautious suite: a place to start from, not the last word.

    It asks for the columns, for values where there always were any, for numbers within a wide margin of those seen, and
    for known categories, each for the greater part of the rows. What moves slowly is for the drift check.
    """
    from airmedic_core.measures.column_statistics import one_value_per_window

    windows = [each.profile for each in reference.windows if each.profile.rows]
    expectations: list[Json] = []
    # Of the inputs: the times of labels, and labels themselves, are missing as long as they are not known.
    for name in (*reference.edges.numeric, *reference.edges.categorical):
        column = reference.whole.columns[name]
        expectations.append({"type": "expect_column_to_exist", "kwargs": {"column": name}})
        if not column.values:
            continue
        if column.null_fraction < 0.01:
            kwargs: Json = {"column": name, "mostly": 0.9}
            expectations.append({"type": "expect_column_values_to_not_be_null", "kwargs": kwargs})
        if isinstance(column, NumericProfile) and column.minimum is not None and column.maximum is not None:
            margin = column.maximum - column.minimum or abs(column.maximum) or 1.0
            low = 0.0 if column.minimum >= 0 else column.minimum - margin
            kwargs = {"column": name, "min_value": low, "max_value": column.maximum + margin, "mostly": 0.98}
            expectations.append({"type": "expect_column_values_to_be_between", "kwargs": kwargs})
        elif (
            isinstance(column, CategoricalProfile)
            and 1 < len(column.categories) <= _MOST_CATEGORIES
            and not column.other
            # A calendar goes on: the next month is no broken value.
            and not one_value_per_window(windows, name)
        ):
            kwargs = {"column": name, "value_set": list(column.categories), "mostly": 0.6}
            expectations.append({"type": "expect_column_values_to_be_in_set", "kwargs": kwargs})
    return {"name": "proposed", "expectations": expectations}


def rows_for_proposal(frame: pd.DataFrame, suite: Json) -> pd.DataFrame:
    """Return the rows that a proposed suite is held against: evenly spread ones, where there are very many.

    Categories are given the names under which the reference counted them.
    """
    from airmedic_core.measures.ties import category_names

    if len(frame) > _MOST_ROWS:
        frame = frame.iloc[np.linspace(0, len(frame) - 1, _MOST_ROWS).astype(int)]
    named = {
        each["kwargs"]["column"]: category_names(frame[each["kwargs"]["column"]])
        for each in suite["expectations"]
        if each["type"] == "expect_column_values_to_be_in_set" and each["kwargs"]["column"] in frame
    }
    for values in named.values():
        values[values == ""] = None
    return frame.assign(**named)
