"""When a model counts as silent. The expected times are read off a calendar of 2026."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airmedic_core.read_model.due import is_silent, last_run
from airmedic_core.schedules import PRESETS, check_schedule
from airmedic_core.spec import ModelSpec, parse_spec

NOW = datetime(2026, 3, 11, 9, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("schedule", "last"),
    [
        ("0 6 * * *", "2026-03-11T06:00"), ("30 9 * * *", "2026-03-11T09:30"), ("31 9 * * *", "2026-03-10T09:31"),
        ("*/20 * * * *", "2026-03-11T09:20"), ("0 */6 * * *", "2026-03-11T06:00"), ("5/25 8 * * *", "2026-03-11T08:55"),
        ("0 0 1 * *", "2026-03-01T00:00"), ("0 0 31 * *", "2026-01-31T00:00"), ("0 0 29 2 *", "2024-02-29T00:00"),
        ("0 12 * * mon", "2026-03-09T12:00"), ("0 12 * * 7", "2026-03-08T12:00"), ("0 12 * * SUN", "2026-03-08T12:00"),
        ("0 0 1,15 jan-feb *", "2026-02-15T00:00"), ("0 0 13 * fri", "2026-03-06T00:00"),
        ("0 8-10,22 * * *", "2026-03-11T09:00"), ("@hourly", "2026-03-11T09:00"), ("@weekly", "2026-03-08T00:00"),
        ("@quarterly", "2026-01-01T00:00"), ("@yearly", "2026-01-01T00:00"),
    ],
)  # fmt: skip
def test_the_last_run_of_a_schedule(schedule: str, last: str) -> None:
    assert last_run(check_schedule(schedule), NOW) == datetime.fromisoformat(last).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "schedule", ["asset:rows", "@once", "@continuous", "0 0 L * *", "0 0 * * fri#2", "0 0 1 * * 0"]
)
def test_some_schedules_name_no_time(schedule: str) -> None:
    assert last_run(check_schedule(schedule), NOW) is None


def test_every_preset_is_a_time_or_is_known_to_be_none() -> None:
    assert {preset for preset in PRESETS if last_run(preset, NOW) is None} == {"@once", "@continuous"}


def spec(**more: Any) -> ModelSpec:
    data = {"path": "x.csv", "time_column": "at"}
    return parse_spec({"name": "m", "task": "binary", "target": "y", "data": data} | more)


def silent(model: ModelSpec, *, checked: datetime, end: datetime) -> bool:
    return is_silent(model, checked_at=checked, window_end=end, now=NOW)


def test_a_daily_model_may_be_late_by_a_day() -> None:
    today, hour = NOW.replace(hour=0, minute=0), timedelta(hours=1)
    day = timedelta(days=1)
    assert not silent(spec(), checked=today + hour, end=today)
    assert not silent(spec(), checked=today - day + hour, end=today - day)
    assert silent(spec(), checked=today - 2 * day + hour, end=today - 2 * day)


def test_a_schedule_that_comes_more_often_than_windows_makes_nothing_silent() -> None:
    today, day = NOW.replace(hour=0, minute=0), timedelta(days=1)
    assert not silent(spec(schedule="@hourly"), checked=today + timedelta(minutes=1), end=today)
    assert not silent(spec(window="2 days"), checked=today - day, end=today - day)


def test_windows_of_long_ago_that_are_looked_at_now_are_no_silence() -> None:
    assert not silent(spec(), checked=NOW - timedelta(minutes=5), end=NOW - timedelta(days=3000))


def test_a_model_that_waits_for_an_asset_is_never_silent() -> None:
    long_ago = NOW - timedelta(days=300)
    assert not silent(spec(schedule="asset:rows"), checked=long_ago, end=long_ago)
    assert silent(spec(schedule="0 6 * * *"), checked=long_ago, end=long_ago)
