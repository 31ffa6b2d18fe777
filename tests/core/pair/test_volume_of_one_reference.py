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
    [finding] = [
        finding
        for finding in result.findings
        if finding.check == "volume" and finding.statistic in {"rows", "time_steps"}
    ]
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


@pytest.mark.parametrize(("hours", "verdict"), [(300, Verdict.ALERT), (450, Verdict.UNKNOWN)])
def test_hours_that_are_missing_here_and_there_count_where_most_are_gone(hours: int, verdict: Verdict) -> None:
    """Of 744 hours 372 are half: the lowest fraction that the check takes for granted."""
    sampled = np.sort(np.random.default_rng(3).choice(len(MONTH), hours, replace=False))
    result = check_pair(SPEC, _at(HOURS), _at(MONTH[sampled], seed=1))
    assert _volume(result).verdict is verdict
    assert not [finding for finding in result.findings if finding.statistic == "gap"]


def test_as_many_rows_as_ever_at_fewer_times_were_drawn_and_not_lost() -> None:
    drawn = np.sort(np.random.default_rng(3).choice(len(MONTH), len(MONTH), replace=True))
    drawn = drawn[drawn % 3 > 0].repeat(2)[: len(MONTH)]
    result = check_pair(SPEC, _at(HOURS), _at(MONTH[drawn], seed=1))
    assert _volume(result).verdict is not Verdict.ALERT


@pytest.mark.parametrize("rows", [1, 40])
def test_days_without_a_row_in_the_middle_of_a_window_are_missing(rows: int) -> None:
    """Six weeks in which a row came each day, and a week in which none came from its third to its fifth day."""
    before = pd.date_range("2026-01-05", periods=42, freq="D")
    week = pd.date_range("2026-02-16", periods=7, freq="D")
    holes = week[[0, 1, 5, 6]]
    spec = SPEC.model_copy(update={"window": SPEC.window.model_copy(update={"every": "7 days"})})
    alarms = {
        name: [
            finding
            for finding in check_pair(spec, _at(before.repeat(rows)), _at(days.repeat(rows), seed=1)).findings
            if finding.statistic == "gap"
        ]
        for name, days in (("whole", week), ("holes", holes))
    }
    assert not alarms["whole"]
    # One row a day leaves three rows to be missed: too few to be no chance.
    assert len(alarms["holes"]) == (rows > 1)


def test_a_weekend_is_no_gap_where_the_reference_is_a_working_week() -> None:
    """Hours from Monday to Friday, and a window that spans the Saturday and the Sunday after it."""
    week = pd.date_range("2026-01-05", "2026-01-09T23:00", freq="h")
    later = pd.date_range("2026-01-12", "2026-01-20T23:00", freq="h")
    result = check_pair(SPEC, _at(week), _at(later[later.dayofweek < 5], seed=1))
    assert not [finding for finding in result.findings if finding.statistic == "gap"]


def test_rounds_of_a_survey_leave_most_windows_empty_and_say_nothing_of_a_round() -> None:
    """Two days of 80 rows in each month: the next round has 84, and not 84 where none were expected."""
    rounds = [f"2026-{month:02}-{day:02}" for month in range(1, 11) for day in (12, 13)]
    reference = _at(
        pd.DatetimeIndex([f"{day}T{at // 60:02}:{at % 60:02}" for day in rounds for at in range(0, 1200, 30)])
    )
    now = [f"2026-11-{day}T{at // 60:02}:{at % 60:02}" for day in (12, 13) for at in range(0, 1260, 30)]
    current = _at(pd.DatetimeIndex(now), seed=1)

    finding = _volume(check_pair(SPEC, reference, current))

    assert (finding.verdict, finding.baseline) == (Verdict.OK, pytest.approx(80, abs=1))
