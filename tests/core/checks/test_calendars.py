"""Which windows are alike, by their dates. The first of January 2025 was a Wednesday."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from airmedic_core.measures.calendars import calendars
from airmedic_core.measures.seasonal import seasonal
from airmedic_core.windows import Every, Window

START = datetime(2025, 1, 1, tzinfo=UTC)


def windows(every: str, number: int, start: datetime = START) -> list[Window]:
    step = Every.parse(every)
    return [Window(step.shift(start, at), step.shift(start, at + 1)) for at in range(number)]


def names(every: str, number: int, which: int) -> list[str]:
    spans = windows(every, number)
    calendar = calendars(spans[0])[which]
    turns = calendar.turns(spans)
    assert turns is not None
    return [calendar.names[phase] for phase in turns.phases]


@pytest.mark.parametrize(
    ("every", "number", "which", "phase"),
    [
        ("day", 14, 1, ["Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays", "Mondays", "Tuesdays"]),
        ("day", 14, 0, ["days from Monday to Friday"] * 3 + ["days of weekends"] * 2),
        ("12h", 4, 0, ["windows from 00:00 UTC", "windows from 12:00 UTC"] * 2),
        ("hour", 48, 0, ["windows from 00:00 UTC", "windows from 01:00 UTC"]),
        ("month", 24, 0, ["months of January", "months of February"]),
    ],
)
def test_windows_are_named_by_what_they_share(every, number, which, phase):
    assert names(every, number, which)[: len(phase)] == phase


def test_hours_of_weekends_are_told_from_those_of_other_days():
    named = names("6h", 56, 1)
    # The fourth day is a Saturday.
    assert named[11:13] == ["windows from 18:00 UTC from Monday to Friday", "windows from 00:00 UTC on weekends"]


@pytest.mark.parametrize(("every", "number"), [("day", 14), ("hour", 48), ("month", 24), ("week", 104)])
def test_a_cycle_counts_from_its_second_turn(every, number):
    spans = windows(every, number, datetime(2024, 12, 30, tzinfo=UTC) if every == "week" else START)
    calendar = calendars(spans[0])[0]
    assert calendar.turns(spans) is not None
    assert calendar.turns(spans[1:]) is None


@pytest.mark.parametrize("every", ["2 days", "5h", "2 weeks", "3 months"])
def test_windows_of_other_lengths_have_no_calendar(every):
    assert calendars(windows(every, 1)[0]) == ()


def test_the_season_of_a_window_is_that_of_its_day_and_unknown_times_have_none():
    days = windows("day", 28)
    week = np.array([0.0, 1.0, 0.0, -1.0, 2.0, 8.0, -5.0])
    rng = np.random.default_rng(0)
    history = np.array([week[day.start.weekday()] for day in days])[:, None] + rng.normal(0, 0.5, (28, 12))
    alike = seasonal(history, [np.arange(12)], days)
    assert alike is not None
    sunday = Window(START + timedelta(days=32), START + timedelta(days=33))
    like = alike.like(sunday)
    assert like is not None
    assert like.name == "Sundays"
    # The mean of a week is 5/7.
    assert like.level.part == pytest.approx(np.full(12, -5 - 5 / 7), abs=1.0)
    assert alike.part([sunday, None])[1] == pytest.approx(np.zeros(12))
    assert alike.like(None) is None
    assert seasonal(history, [np.arange(12)], [*days[:-1], None]) is None
    assert seasonal(history[:13], [np.arange(12)], days[:13]) is None
    # Sorted by another day each week, the same history has no week.
    rest = [days[at] for at in np.random.default_rng(1).permutation(28)]
    assert seasonal(history, [np.arange(12)], rest) is None


@pytest.mark.parametrize(("every", "number", "share"), [("hour", 240, 1.0), ("4h", 60, 0.25)])
def test_a_clock_that_changes_moves_windows_by_an_hour(every, number, share):
    hours = windows(every, number)
    day = number // 10
    phases = np.arange(number) % day
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, day, 12)
    history = np.cos(2 * np.pi * (phases[:, None] - starts) / day) + rng.normal(0, 0.03, (number, 12))
    alike = seasonal(history, [np.arange(12)], hours)
    assert alike is not None
    columns = [*"abcdefghijkl"]
    assert not alike.clocks(hours, history, columns).any()
    part = alike.part(hours)
    ahead = (1 - share) * part + share * np.roll(part, -1, axis=0)
    assert alike.part(hours, [1] * number) == pytest.approx(ahead)
    later = alike.centre + np.concatenate([part[:day], ahead[:day]])
    # One column has moved by itself.
    later[:, 0] += 0.4
    assert (alike.clocks(hours[: 2 * day], later, columns) == np.repeat([0, 1], day)).mean() > 0.95
    like = alike.like(hours[3], 1)
    assert like is not None
    assert like.level.part == pytest.approx(ahead[3])


def test_days_of_the_week_have_no_clock():
    days = windows("day", 28)
    history = np.array([day.start.weekday() >= 5 for day in days], float)[:, None] + np.zeros(12)
    history += np.random.default_rng(0).normal(0, 0.05, history.shape)
    alike = seasonal(history, [np.arange(12)], days)
    assert alike is not None
    assert not alike.clocks(days, np.roll(history, 1, axis=0), [*"abcdefghijkl"]).any()
