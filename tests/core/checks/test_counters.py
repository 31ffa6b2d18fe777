"""Counters: their values lie beyond all earlier ones in every window, and that is no other unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause
from airmedic_core.spec import parse_spec

SPEC = parse_spec(
    {
        "name": "pumps", "task": "binary", "target": "failed",
        "data": {"path": "pumps.parquet", "time_column": "at"}, "window": {"every": "week", "min_rows": 50},
        "features": {"numeric": ["pressure", "hours"], "categorical": ["pump"]},
    }
)  # fmt: skip
STEP = pd.Timedelta("10min")


def _rows(first: int, count: int) -> pd.DataFrame:
    """Return readings of five pumps, of which each has run for hours of its own, and runs most of the time."""
    rng = np.random.default_rng(first)
    number = first + np.arange(count)
    pump = rng.integers(0, 5, count)
    hours = np.array([100, 5000, 900, 12000, 40])[pump] + np.array([0.4, 0.5, 0.6, 0.7, 0.9])[pump] * number / 6
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-05", tz="UTC") + number * STEP,
            "pressure": rng.normal(size=count), "pump": np.array(list("abcde"))[pump],
            "hours": (hours + rng.normal(0, 2, count)).round(1), "failed": (rng.random(count) < 0.3).astype(int),
        }
    )  # fmt: skip


def _of_one(first: int, count: int) -> pd.DataFrame:
    return _rows(first, count).assign(hours=((first + np.arange(count)) / 6 * 0.6).round(1))


def _units(result: PairCheck) -> list[str]:
    return [finding.key for finding in result.findings if Cause.UNIT_CHANGE in finding.suggests]


@pytest.mark.parametrize("gap", [0, 4032])
@pytest.mark.parametrize("rows", [_of_one, _rows], ids=["one machine", "five machines"])
def test_hours_of_operation_that_go_on_are_in_their_unit(rows, gap: int) -> None:  # type: ignore[no-untyped-def]
    """They were seen as °C in K, or as times 18, whatever the list of conversions held at that distance."""
    assert not _units(check_pair(SPEC, rows(0, 4032), rows(4032 + gap, 1008)))


def test_hours_that_are_counted_in_minutes_are_in_another_unit() -> None:
    today = _of_one(4032, 1008)
    assert _units(check_pair(SPEC, _of_one(0, 4032), today.assign(hours=today["hours"] * 60)))
