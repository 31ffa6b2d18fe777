"""Columns that tell the hour of another zone."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks.units.clock import hours_ahead
from airmedic_core.pair import check_pair
from airmedic_core.records import Cause
from tests.core.checks.shops import ROWS, SPEC, units


@pytest.mark.parametrize(("hours", "share"), [(9, 1.0), (-5, 1.0), (6, 0.3)])
def test_a_clock_of_another_zone_is_another_unit(reference, today, hours, share):
    hit = np.random.default_rng(5).random(len(today)) < share
    abroad = today.assign(hour=np.where(hit, (today["hour"] + hours) % 24, today["hour"]))
    answer = check_pair(SPEC, reference, abroad)
    assert answer.assessment.cause is Cause.UNIT_CHANGE
    assert units(answer)["hour"].details["hours"] == hours
    assert units(answer)["hour"].value == pytest.approx(share, abs=0.05)


def test_summer_time_and_hours_of_something_else_are_no_other_zone(reference, today):
    summer = today.assign(hour=(today["hour"] + 1) % 24)
    assert units(check_pair(SPEC, reference, summer)) == {}
    # An hour that never was that of the row, such as when a customer wants to be called.
    rng = np.random.default_rng(6)
    called = reference.assign(hour=rng.integers(0, 24, len(reference)))
    assert units(check_pair(SPEC, called, today.assign(hour=rng.integers(0, 24, len(today))))) == {}


def told_in(zone: str, first_day: str, days: int, seed: int) -> pd.DataFrame:
    """Draw days of rows that tell the hour of a zone."""
    rng = np.random.default_rng(seed)
    n = days * ROWS
    seconds = np.repeat(np.arange(days), ROWS) * 86_400 + rng.integers(0, 86_400, n)
    at = (pd.Timestamp(first_day, tz="UTC") + pd.to_timedelta(np.sort(seconds), "s")).to_series(index=range(n))
    return pd.DataFrame({"at": at, "hour": at.dt.tz_convert(zone).dt.hour})


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("Australia/Adelaide", "2024-08-01", "2024-10-20"),
        ("America/St_Johns", "2024-01-10", "2024-04-10"),
        ("Europe/Berlin", "2024-01-10", "2024-04-10"),
    ],
)
def test_summer_time_is_no_other_zone_where_zones_differ_by_half_an_hour_either(zone, before, after):
    past = told_in(zone, before, 28, 1)
    ahead = [hours_ahead(past, told_in(zone, after, 1, seed), "hour", "at", 0.05) for seed in range(6)]
    assert ahead == [None] * 6


def test_another_zone_is_found_where_zones_differ_by_half_an_hour():
    past, now = told_in("Australia/Adelaide", "2024-08-01", 28, 1), told_in("Asia/Kolkata", "2024-08-29", 1, 2)
    ahead = hours_ahead(past, now, "hour", "at", 0.05)
    # Nine and a half and five and a half hours ahead of UTC: an hour that is told is cut to nine or ten, five or six.
    assert ahead is not None
    assert ahead[0] in {-5, -4, -3}
    assert ahead[1] == pytest.approx(1.0)


@pytest.mark.parametrize(("share", "ahead"), [(0.1, None), (0.5, -3)])
def test_rows_of_one_more_region_tell_its_hour_and_are_no_fault(share, ahead):
    past, now = told_in("America/New_York", "2024-01-10", 28, 1), told_in("America/New_York", "2024-02-10", 1, 2)
    west = (now["hour"] - 3) % 24
    now["hour"] = now["hour"].mask(now.index % round(1 / share) == 0, west)
    answer = hours_ahead(past, now, "hour", "at", 0.05)
    assert (answer and answer[0]) == ahead
