"""Candidate expectations of one column, with limits taken from its sound windows."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.diagnose.wording import plain
from airmedic_core.numbers import percent
from airmedic_core.records import Json

if TYPE_CHECKING:
    import pandas as pd

_MARGIN = 0.1
"""Room beyond the values of sound windows, as a share of their range."""
_MOSTLY = 0.95
_LONGEST_NAME = 60
_MOST_NULLS = 0.5
"""A column with more nulls than this, in a sound window, is not expected to have values."""


def candidates(column: str, sound: Sequence[pd.Series]) -> dict[str, Json]:
    """Return the expectations that the sound windows of a column would bear, by name.

    Parameters
    ----------
    column : str
        The column.
    sound : sequence of pandas.Series
        Its values, one series for each sound window.
    """
    filled = [values.dropna() for values in sound]
    if not filled or any(values.empty for values in filled):
        return {}
    stem = re.sub(r"\W+", "_", column)[:_LONGEST_NAME].strip("_") or "column"
    by_name: dict[str, Json] = {}
    nulls = max(float(values.isna().mean()) for values in sound)
    if nulls < _MOST_NULLS:
        mostly = math.floor((1.0 - min(2.0 * nulls + 0.02, _MOST_NULLS)) * 100) / 100
        by_name[f"{stem}_nulls"] = _expectation("expect_column_values_to_not_be_null", column, mostly=mostly)
    if all(values.dtype.kind in "iuf" for values in filled):
        low, high = min(float(values.min()) for values in filled), max(float(values.max()) for values in filled)
        if math.isfinite(low) and math.isfinite(high):
            margin = _MARGIN * (high - low)
            limits = {"min_value": _rounded(low - margin), "max_value": _rounded(high + margin)}
            by_name[f"{stem}_range"] = _expectation(
                "expect_column_values_to_be_between", column, **limits, mostly=_MOSTLY
            )
    if min(values.nunique() for values in filled) > 2:
        kind = "expect_column_unique_value_count_to_be_between"
        by_name[f"{stem}_distinct"] = _expectation(kind, column, min_value=2)
    return by_name


def in_words(expectation: Json) -> str:
    """Return an expectation as the end of a sentence, such as ``to lie between 8 and 110 in 95% of the rows``."""
    kwargs = expectation["kwargs"]
    column, share = plain(kwargs["column"]), f"in {percent(kwargs.get('mostly', 1.0))} of the rows"
    if expectation["type"].endswith("not_be_null"):
        return f"{column} to have a value {share}"
    if expectation["type"].endswith("values_to_be_between"):
        return f"{column} to lie between {kwargs['min_value']:g} and {kwargs['max_value']:g} {share}"
    return f"{column} to have at least {kwargs['min_value']} different values"


def _expectation(kind: str, column: str, **limits: float) -> Json:
    return {"type": kind, "kwargs": {"column": column, **limits}}


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
