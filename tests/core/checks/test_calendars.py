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
    found = windows(every, number)
    calendar = calendars(found[0])[which]
    turns = calendar.turns(found)
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
    found = names("6h", 56, 1)
    # The fourth day is a Saturday.
    assert found[11:13] == ["windows from 18:00 UTC from Monday to Friday", "windows from 00:00 UTC on weekends"]


@pytest.mark.parametrize(("every", "number"), [("day", 14), ("hour", 48), ("month", 24), ("week", 104)])
def test_a_cycle_counts_from_its_second_turn(every, number):
    found = windows(every, number, datetime(2024, 12, 30, tzinfo=UTC) if every == "week" else START)
    calendar = calendars(found[0])[0]
    assert calendar.turns(found) is not None
    assert calendar.turns(found[1:]) is None


@pytest.mark.parametrize("every", ["2 days", "5h", "2 weeks", "3 months"])
def test_windows_of_other_lengths_have_no_calendar(every):
    assert calendars(windows(every, 1)[0]) == ()


def test_the_season_of_a_window_is_that_of_its_day_and_unknown_times_have_none():
    days = windows("day", 28)
    week = np.array([0.0, 1.0, 0.0, -1.0, 2.0, 8.0, -5.0])
    rng = np.random.default_rng(0)
    history = np.array([week[one.start.weekday()] for one in days])[:, None] + rng.normal(0, 0.5, (28, 12))
    found = seasonal(history, [np.arange(12)], days)
    assert found is not None
    sunday = Window(START + timedelta(days=32), START + timedelta(days=33))
    like = found.like(sunday)
    assert like is not None
    assert like.name == "Sundays"
    # The mean of a week is 5/7.
    assert like.level.part == pytest.approx(np.full(12, -5 - 5 / 7), abs=1.0)
    assert found.part([sunday, None])[1] == pytest.approx(np.zeros(12))
    assert found.like(None) is None
    assert seasonal(history, [np.arange(12)], [*days[:-1], None]) is None
    assert seasonal(history[:13], [np.arange(12)], days[:13]) is None
    # Sorted by another day each week, the same history has no week.
    rest = [days[at] for at in np.random.default_rng(1).permutation(28)]
    assert seasonal(history, [np.arange(12)], rest) is None


@pytest.mark.parametrize(("every", "number", "share"), [("hour", 240, 1.0), ("4h", 60, 0.25)])
def test_a_clock_that_changes_moves_windows_by_an_hour(every, number, share):
    hours = windows(every, number)
    each = number // 10
    phases = np.arange(number) % each
    rng = np.random.default_rng(0)
    starts = rng.uniform(0, each, 12)
    history = np.cos(2 * np.pi * (phases[:, None] - starts) / each) + rng.normal(0, 0.03, (number, 12))
    found = seasonal(history, [np.arange(12)], hours)
    assert found is not None
    columns = [*"abcdefghijkl"]
    assert not found.clocks(hours, history, columns).any()
    part = found.part(hours)
    ahead = (1 - share) * part + share * np.roll(part, -1, axis=0)
    assert found.part(hours, [1] * number) == pytest.approx(ahead)
    later = found.centre + np.concatenate([part[:each], ahead[:each]])
    # One column has moved by itself.
    later[:, 0] += 0.4
    assert (found.clocks(hours[: 2 * each], later, columns) == np.repeat([0, 1], each)).mean() > 0.95
    like = found.like(hours[3], 1)
    assert like is not None
    assert like.level.part == pytest.approx(ahead[3])


def test_days_of_the_week_have_no_clock():
    days = windows("day", 28)
    history = np.array([one.start.weekday() >= 5 for one in days], float)[:, None] + np.zeros(12)
    history += np.random.default_rng(0).normal(0, 0.05, history.shape)
    found = seasonal(history, [np.arange(12)], days)
    assert found is not None
    assert not found.clocks(days, np.roll(history, 1, axis=0), [*"abcdefghijkl"]).any()
