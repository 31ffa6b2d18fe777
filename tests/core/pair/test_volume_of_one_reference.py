"""How many rows to expect where one reference is all that is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Finding, Verdict
from airmedic_core.spec import ModelSpec, parse_spec

SPEC: ModelSpec = parse_spec(
    {"name": "m", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"}}
)


def _at(times: pd.DatetimeIndex, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(len(times), 2))
    return pd.DataFrame(
        {
            "at": times.strftime("%Y-%m-%dT%H:%M:%S"),
            "a": numbers[:, 0],
            "b": numbers[:, 1],
            "y": (rng.random(len(times)) < 0.4).astype(int),
        }
    )


def _deliveries(*days: str, rows: int) -> pd.DataFrame:
    """Deliveries of which all rows carry one day."""
    return _at(pd.DatetimeIndex([day for day in days for _ in range(rows)]), seed=len(days))


def _volume(result: PairCheck) -> Finding:
    [finding] = [finding for finding in result.findings if finding.check == "volume"]
    return finding


@pytest.mark.parametrize(
    ("rows", "verdict"), [(10, Verdict.ALERT), (300, Verdict.OK), (2000, Verdict.OK), (15_000, Verdict.ALERT)]
)
def test_of_one_delivery_before_only_extreme_numbers_are_unusual(rows: int, verdict: Verdict) -> None:
    """1,000 rows came the month before: less than a tenth, and more than ten times as many, are unusual."""
    reference, current = _deliveries("2026-01-01", rows=1000), _deliveries("2026-02-01", rows=rows)
    volume = _volume(check_pair(SPEC, reference, current))
    assert volume.verdict is verdict
    assert volume.baseline == pytest.approx(1000)


@pytest.mark.parametrize(("rows", "verdict"), [(500, Verdict.OK), (120, Verdict.ALERT)])
def test_rows_are_counted_for_each_delivery_where_months_carry_one_day(rows: int, verdict: Verdict) -> None:
    """Between the deliveries lie days without any row: of those, none would be expected on this day either."""
    days = [f"2025-{month:02d}-01" for month in range(7, 13)]
    volume = _volume(check_pair(SPEC, _deliveries(*days, rows=500), _deliveries("2026-01-01", rows=rows)))
    assert volume.verdict is verdict
    assert volume.baseline == pytest.approx(500)


HOURS = pd.date_range("2026-02-05T05:00", "2026-02-28T23:00", freq="h")
MONTH = pd.date_range("2026-03-01", "2026-03-31T23:00", freq="h")
"""The reference spans a part of a month, so that no window of it is as long."""


def test_a_clock_that_stood_still_for_half_of_the_hours_is_a_loss() -> None:
    """From the 6th to the 24th nothing came: 12 of 31 days are left."""
    there = (MONTH.day <= 5) | (MONTH.day >= 25)
    result = check_pair(SPEC, _at(HOURS), _at(MONTH[there], seed=1))
    assert result.assessment.cause is Cause.VOLUME_ANOMALY
    volume = _volume(result)
    assert volume.value == int(there.sum())
    # The reference's clock holds each hour.
    assert volume.baseline == pytest.approx(len(MONTH))


def test_a_random_sample_of_the_hours_is_no_loss() -> None:
    sampled = np.sort(np.random.default_rng(3).choice(len(MONTH), 300, replace=False))
    result = check_pair(SPEC, _at(HOURS), _at(MONTH[sampled], seed=1))
    assert _volume(result).verdict is not Verdict.ALERT
