from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airmedic_core.errors import SpecError
from airmedic_core.windows import Every, Window, as_utc

STEPS = ["hour", "6 hours", "day", "2 days", "week", "month", "3 months"]
MOMENTS = st.integers(0, 130 * 365 * 86_400).map(
    lambda seconds: datetime(1970, 1, 5, tzinfo=UTC) + timedelta(0, seconds)
)


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [("month", 1, "month"), ("2 weeks", 2, "week"), ("6h", 6, "hour"), ("1 day", 1, "day"), ("12 Months", 12, "month")],
)
def test_steps_are_read(text, count, unit):
    assert Every.parse(text) == Every(count, unit)


@pytest.mark.parametrize("text", ["", "fortnight", "0 days", "00 hours", "000h", "-1 day", "1.5 days", "day month"])
def test_a_step_that_is_none_says_how_to_write_one(text):
    with pytest.raises(SpecError, match=r"is not a step in time\. Write 'hour'"):
        Every.parse(text)


@given(moment=MOMENTS, step=st.sampled_from(STEPS))
def test_a_moment_lies_in_the_step_that_begins_at_its_floor(moment, step):
    every = Every.parse(step)
    floor = every.floor(moment)
    assert floor <= moment < every.shift(floor, 1)
    assert every.floor(floor) == floor


@given(moment=MOMENTS, step=st.sampled_from(STEPS), steps=st.integers(-30, 30))
def test_shifting_there_and_back_changes_nothing(moment, step, steps):
    every = Every.parse(step)
    floor = every.floor(moment)
    assert every.shift(every.shift(floor, steps), -steps) == floor


@given(moment=MOMENTS, step=st.sampled_from(STEPS))
def test_ordinals_count_steps(moment, step):
    every = Every.parse(step)
    assert every.ordinal(every.shift(every.floor(moment), 1)) == every.ordinal(moment) + 1


@pytest.mark.parametrize("text", ["99999999999 days", "1201 months", "876601 hours"])
def test_a_step_that_reaches_beyond_the_calendar_is_refused(text):
    with pytest.raises(SpecError, match="is longer than a hundred years"):
        Every.parse(text)


@pytest.mark.parametrize(
    ("start", "steps", "end"),
    [((2026, 1, 31), 1, (2026, 2, 28)), ((2024, 3, 30), -1, (2024, 2, 29)), ((2026, 5, 31), -1, (2026, 4, 30))],
)
def test_a_month_from_a_day_that_the_other_month_lacks_ends_with_that_month(start, steps, end):
    assert Every.parse("month").shift(datetime(*start, tzinfo=UTC), steps) == datetime(*end, tzinfo=UTC)


def test_weeks_begin_on_monday():
    assert Every.parse("week").floor(datetime(2026, 1, 1, 15, tzinfo=UTC)) == datetime(2025, 12, 29, tzinfo=UTC)


def test_months_cross_the_year():
    assert Every.parse("month").shift(datetime(2025, 11, 1, tzinfo=UTC), 3) == datetime(2026, 2, 1, tzinfo=UTC)


def test_the_last_complete_window_ends_at_or_before_the_moment():
    every = Every.parse("day")
    assert every.last_complete(datetime(2026, 3, 2, tzinfo=UTC)) == Window(
        datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    )
    assert every.last_complete(datetime(2026, 3, 2, 23, tzinfo=UTC)).end == datetime(2026, 3, 2, tzinfo=UTC)


def test_a_window_is_split_into_whole_steps_only():
    parts = Every.parse("month").split(Window("2026-01-15", "2026-04-10"))
    assert [f"{part.start:%m-%d}…{part.end:%m-%d}" for part in parts] == ["02-01…03-01", "03-01…04-01"]


def test_a_window_is_in_utc_whatever_it_was_given_in():
    window = Window("2026-01-01T01:00+01:00", "2026-01-02")
    assert window.start == datetime(2026, 1, 1, tzinfo=UTC)
    assert window.end.utcoffset() == timedelta(0)


@pytest.mark.parametrize(("start", "end"), [("2026-01-02", "2026-01-02"), ("2026-01-02", "2026-01-01")])
def test_an_empty_window_is_an_error(start, end):
    with pytest.raises(SpecError, match="Its start must lie before its end"):
        Window(start, end)


def test_a_text_that_is_no_moment_is_an_error():
    with pytest.raises(SpecError, match="'next week' is not a date or time"):
        as_utc("next week")


def test_keys_sort_by_time_and_lead_back_to_the_window():
    windows = Every.parse("6 hours").split(Window("2025-12-30", "2026-01-03"))
    keys = [window.key for window in windows]
    assert keys == sorted(keys)
    assert [Window.from_key(key) for key in keys] == windows


@pytest.mark.parametrize("key", ["", "20260101T0000", "a_b", "20260102T0000_20260101T0000"])
def test_a_key_that_is_none_is_an_error(key):
    with pytest.raises(SpecError):
        Window.from_key(key)


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (Window("2026-01-01", "2026-01-02"), "2026-01-01"),
        (Window("2026-01-01", "2026-02-01"), "2026-01-01 … 2026-01-31"),
        (Window("2026-01-01T06:00", "2026-01-01T12:00"), "2026-01-01 06:00 … 2026-01-01 12:00"),
    ],
)
def test_windows_read_well(window, text):
    assert str(window) == text


def test_months_are_of_one_length_and_two_days_are_not_one() -> None:
    month = [Every.parse("month").last_complete(datetime(2026, number, 1, tzinfo=UTC)) for number in (2, 3)]
    assert month[0].as_long_as(month[1])
    assert month[1].as_long_as(month[0])
    first, two = (Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, end, tzinfo=UTC)) for end in (2, 3))
    assert not first.as_long_as(two)
    assert not two.as_long_as(first)
