"""Columns that say in other words what the time column says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.profile.clock_columns import contradicts_its_time, says_its_time, telling_the_time
from airmedic_core.profile.features import choose_features
from airmedic_core.spec import ModelSpec, parse_spec

SPEC: ModelSpec = parse_spec(
    {"name": "m", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"}}
)


def _hours(start: str, days: int) -> pd.DataFrame:
    at = pd.date_range(start, periods=24 * days, freq="h", tz="UTC")
    month = at.month.to_numpy()
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "at": at,
            "year": at.year,
            "mnth": month,
            "month_name": at.month_name(),
            "week_number": at.isocalendar().week.to_numpy(),
            "season": np.where(at.dayofyear < 80, "winter", np.where(at.dayofyear < 172, "spring", "summer")),
            "hr": at.hour,
            "weekday": at.dayofweek,
            "base_rate": 1.5 + 0.25 * month,
            "amount": rng.normal(size=len(at)),
            "y": rng.integers(0, 2, len(at)),
        }
    )


def test_the_time_of_the_year_is_no_input_of_half_a_year() -> None:
    rows = _hours("2026-01-01", 181)
    assert set(telling_the_time(SPEC, rows)) == {"year", "mnth", "month_name", "week_number", "season"}
    features = choose_features(SPEC, rows)
    assert features.numeric == ("hr", "weekday", "base_rate", "amount")
    assert features.left_out["month_name"] == "it tells the time of the year, as the time column does"


def test_months_that_come_twice_can_be_learned_from() -> None:
    assert set(telling_the_time(SPEC, _hours("2024-01-01", 731))) == {"year"}


def test_a_month_that_the_spec_names_stays_an_input() -> None:
    spec = SPEC.model_copy(update={"features": SPEC.features.model_copy(update={"numeric": ("mnth",)})})
    assert choose_features(spec, _hours("2026-01-01", 60)).numeric == ("mnth",)


@pytest.mark.parametrize("days", [1, 10])
def test_a_few_days_do_not_tell_a_calendar_from_chance(days: int) -> None:
    assert telling_the_time(SPEC, _hours("2026-01-01", days)) == {}


def test_a_column_that_agrees_with_its_time_by_chance_tells_none() -> None:
    """Of a Monday's rows 98 % hold a zero, which is also the day of the week, counted from 0."""
    times = pd.Series(pd.date_range("2024-01-01", periods=1000, freq="min"))
    cancelled = pd.Series([1.0 if place % 50 == 0 else 0.0 for place in range(1000)])

    assert not says_its_time(cancelled, times)
    assert contradicts_its_time(cancelled, times + pd.Timedelta(days=1), cancelled, times) is None
    assert says_its_time(times.dt.minute, times)


def _rows_of(start: str, hours: int) -> pd.Series:
    return pd.Series(pd.date_range(start, periods=4 * hours, freq="15min", tz="UTC"))


def _local(times: pd.Series, part: str) -> pd.Series:
    return getattr(times.dt.tz_convert("Europe/London").dt, part).astype(float)


@pytest.mark.parametrize("start", ["2026-04-16 18:00", "2026-05-19 18:00"])
@pytest.mark.parametrize("part", ["dayofweek", "day", "hour"])
def test_the_clock_of_summer_contradicts_no_time(part: str, start: str) -> None:
    """London keeps UTC in winter, and is an hour ahead from the end of March: its next day begins at 23:00 UTC."""
    winter, evening = _rows_of("2026-01-01", 24 * 85), _rows_of(start, 6)

    wrong = contradicts_its_time(_local(evening, part), evening, _local(winter, part), winter)

    assert wrong is not None
    assert not wrong.any()


def test_no_local_clock_makes_a_stand_in_right() -> None:
    winter, evening = _rows_of("2026-01-01", 24 * 85), _rows_of("2026-04-16 18:00", 6)
    for part, value in (("dayofweek", 0.0), ("day", 0.0), ("hour", 12.0)):
        broken = _local(evening, part).where(np.arange(len(evening)) % 4 > 0, value)
        wrong = contradicts_its_time(broken, evening, _local(winter, part), winter)
        assert wrong is not None
        assert wrong.tolist() == (np.arange(len(evening)) % 4 == 0).tolist()


def test_a_missing_value_contradicts_no_time() -> None:
    times = _rows_of("2026-01-01", 24 * 30)
    hours = _local(times, "hour")
    today = hours.head(96).mask(np.arange(96) % 16 == 0)

    wrong = contradicts_its_time(today, times.head(96), hours, times)

    assert wrong is not None
    assert not wrong.any()


def test_one_hour_that_reads_another_is_right_by_no_clock() -> None:
    """A clock that made these rows right would make all others wrong."""
    times = _rows_of("2026-01-01", 24 * 30)
    hours = _local(times, "hour")
    broken = hours.head(96).mask(hours.head(96) == 5.0, 0.0)

    wrong = contradicts_its_time(broken, times.head(96), hours, times)

    assert wrong is not None
    assert int(wrong.sum()) == 4
