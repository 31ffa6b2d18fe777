"""Labels of one class under the name of another: a fault of the labels, and nothing to learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause
from airmedic_core.spec import parse_spec

ROWS, DAYS = 240, 20
SPEC = parse_spec(
    {
        "name": "sizes", "task": "multiclass", "target": "size",
        "data": {"path": "sizes.parquet", "time_column": "at"},
        "features": {"numeric": ["weight", "other"]}, "window": {"every": "day", "min_rows": 50},
    }
)  # fmt: skip


def _sizes(seed: int, days: int, first: int = 0) -> pd.DataFrame:
    """Return rows of four sizes, which go with the weight but for some noise."""
    rng = np.random.default_rng(seed)
    count = ROWS * days
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(first * 86_400 + np.arange(count) * 360, unit="s")
    weight = rng.normal(size=count)
    noisy = weight + rng.normal(0.0, 0.5, count)
    size = np.select([noisy < -0.8, noisy < 0.0, noisy < 0.8], ["S", "M", "L"], "XL")
    return pd.DataFrame({"at": at, "weight": weight, "other": rng.normal(size=count), "size": size})


def _checked(today: pd.DataFrame) -> PairCheck:
    return check_pair(SPEC, _sizes(0, DAYS), today)


@pytest.mark.parametrize(("gone", "into"), [("XL", "L"), ("S", "M"), ("S", "XL")])
def test_a_class_under_the_name_of_another_is_a_fault_of_the_labels(gone: str, into: str) -> None:
    """Of 240 rows, about 57 are of either of the outer sizes: that none is comes by chance in no window."""
    today = _sizes(1, 1, DAYS)
    result = _checked(today.assign(size=today["size"].replace(gone, into)))

    assert result.assessment.cause is Cause.DATA_CORRUPTION
    assert "concept:size:merged" in result.assessment.finding_keys
    assert all(action.action != "retrain" for action in result.recommended)


def test_a_class_that_does_not_come_is_merged_with_none() -> None:
    """Its rows are not there either, and all other sizes have grown alike."""
    today = _sizes(1, 2, DAYS)
    today = today[today["size"] != "XL"].head(ROWS)
    result = _checked(today.assign(at=_sizes(1, 1, DAYS)["at"].to_numpy()))

    assert not [finding for finding in result.findings if finding.statistic == "merged"]


def test_labels_as_ever_are_merged_with_none() -> None:
    assert _checked(_sizes(1, 1, DAYS)).assessment.outcome == "healthy"
