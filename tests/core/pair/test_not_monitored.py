"""Columns that a comparison says nothing of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from airmedic_core.pair import check_pair
from airmedic_core.spec import parse_spec

SPEC = {
    "name": "m",
    "task": "binary",
    "target": "y",
    "data": {"path": "rows.csv", "time_column": "at"},
    "exclude": ["left_on", "gone"],
    "private": ["diary"],
}


def _rows(count: int, start: str) -> pd.DataFrame:
    rng = np.random.default_rng(count)
    words = [f"{start} {number}" for number in range(count)]
    at = pd.Timestamp(start) + pd.to_timedelta(np.arange(count) * 432, unit="s")
    numbers = rng.normal(size=(count, 2))
    rows = {"at": at, "a": numbers[:, 0], "left_on": numbers[:, 1], "note": words, "diary": words}
    return pd.DataFrame(rows | {"y": rng.integers(0, 2, count)})


def test_a_check_names_the_columns_that_it_says_nothing_of() -> None:
    result = check_pair(parse_spec(SPEC), _rows(2000, "2026-01-01"), _rows(200, "2026-01-11"))
    assert result.not_monitored == {
        "left_on": "the spec excludes it",
        "note": "it looks like an identifier: 2000 different values in 2000 rows",
    }


def test_a_column_beside_those_that_the_spec_lists_is_named() -> None:
    spec = parse_spec(SPEC | {"exclude": [], "features": {"numeric": ["a"]}})
    result = check_pair(spec, _rows(2000, "2026-01-01"), _rows(200, "2026-01-11"))
    assert result.not_monitored["left_on"] == "the spec lists the numeric features without it"
