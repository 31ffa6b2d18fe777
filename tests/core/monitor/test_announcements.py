"""Which windows events announce. Expected windows are calendar periods, counted by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from airmedic_core.errors import SpecError
from airmedic_core.monitor.announcements import announced, window_of_key
from airmedic_core.reading.places import window_of_file
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Every, Window

DAY = Window(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
NEXT = Window(DAY.end, datetime(2026, 2, 2, tzinfo=UTC))
ENDS = {"window_start": "2026-01-31T00:00:00+00:00", "window_end": "2026-02-01T00:00:00+00:00"}


def spec_of(path: str = "/rows/{window_start:%Y/%m}/{window_start:%Y-%m-%d}-*.csv") -> ModelSpec:
    return ModelSpec.model_validate(
        {"name": "churn", "task": "binary", "target": "left", "data": {"path": path, "time_column": "at"}}
    )


def message(payload: Any) -> dict[str, Any]:
    """What Airflow puts into the extra of an event that a trigger made."""
    return {"from_trigger": True, "payload": payload}


@pytest.mark.parametrize(
    ("key", "step", "start", "end"),
    [
        ("2026-01-31", "day", "2026-01-31", "2026-02-01"),
        ("2026-01-31T00:00:00", "day", "2026-01-31", "2026-02-01"),  # CronPartitionTimetable
        ("2026-01-31T01:00:00+01:00", "day", "2026-01-31", "2026-02-01"),
        ("2026-01-31T06", "hour", "2026-01-31T06:00", "2026-01-31T07:00"),  # StartOfHourMapper
        ("2026-01-31T06", "6 hours", "2026-01-31T06:00", "2026-01-31T12:00"),
        ("2026-01-26 (W05)", "week", "2026-01-26", "2026-02-02"),  # StartOfWeekMapper
        ("2026-01", "month", "2026-01-01", "2026-02-01"),  # StartOfMonthMapper
        ("2026-02-01", "month", "2026-02-01", "2026-03-01"),
        ("2026-Q2", "3 months", "2026-04-01", "2026-07-01"),  # StartOfQuarterMapper
        ("2026", "12 months", "2026-01-01", "2027-01-01"),  # StartOfYearMapper
        ("2026-01-31/2026-02-03", "day", "2026-01-31", "2026-02-03"),
        ("20260131T0000_20260201T0000", "hour", "2026-01-31", "2026-02-01"),
    ],
)
def test_a_key_is_a_window(key: str, step: str, start: str, end: str) -> None:
    assert window_of_key(key, Every.parse(step)) == Window(
        datetime.fromisoformat(start).replace(tzinfo=UTC), datetime.fromisoformat(end).replace(tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("key", "step"),
    [
        ("eu", "day"),
        ("eu|2026-01-31", "day"),
        ("", "day"),
        ("2026-01-31T06:00:00", "day"),  # not the first moment of a day
        ("2026-01", "day"),  # 31 windows
        ("2026-01-31", "hour"),  # 24 windows
        ("2026-01-27", "week"),  # a Tuesday
        ("2026-13", "month"),
        ("2026-02-01/2026-01-31", "day"),
        ("20260201T0000_20260131T0000", "day"),
        ("9999-12-31T00:00:00", "day"),
    ],
)
def test_a_key_that_is_no_window_is_an_error_that_quotes_it(key: str, step: str) -> None:
    with pytest.raises(SpecError, match="is no window of") as refusal:
        window_of_key(key, Every.parse(step))
    assert repr(key) in str(refusal.value)
    assert not refusal.value.transient


def test_a_message_of_any_length_is_quoted_in_a_few_words() -> None:
    with pytest.raises(SpecError) as refusal:
        window_of_key("x" * 100_000, Every.parse("day"))
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    "extra",
    [
        ENDS,
        message("2026-01-31"),
        message(json.dumps(ENDS)),
        message('"2026-01-31"'),
        message({"key": DAY.key}),
        message('{"key": "2026-01-31", "model": "churn"}'),
        message({"type": "message", "channel": "churn", "data": "2026-01-31"}),  # a channel of Redis
        message({"status": "success", "message_batch": [{"MessageId": "1", "Body": "2026-01-31"}]}),  # SQS
    ],
)
def test_events_and_messages_announce_a_window(extra: dict[str, Any]) -> None:
    told = announced(spec_of(), [extra])
    assert [announcement.window for announcement in told.windows] == [DAY]
    assert not told.refused


def test_several_messages_are_several_windows_each_once_and_the_oldest_first() -> None:
    batch = [{"Body": text} for text in ("2026-02-01", "2026-01-31", "soon", "2026-02-01", '{"model": "other"}')]
    told = announced(spec_of(), [message({"message_batch": batch}), message("2026-01-31")])
    assert [announcement.window for announcement in told.windows] == [DAY, NEXT]
    assert [error.problem for error in told.refused] == ["'soon' is no window of one day."]
    assert told.nothing_here == 1


def test_nothing_but_messages_that_are_no_window_is_an_error() -> None:
    with pytest.raises(SpecError, match="'soon' is no window"):
        announced(spec_of(), [message("soon"), message("later")])
    with pytest.raises(SpecError, match="is no window"):
        announced(spec_of(), [message('{"rows": 7}')])


def test_an_extra_that_says_nothing_of_windows_announces_none() -> None:
    assert announced(spec_of(), [{}, {"rows": 7}]) == ((), (), 0)


def test_of_two_events_the_one_that_asks_for_more_labels_counts() -> None:
    early, late = "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"
    spec = spec_of()
    for extras in (
        [{**ENDS, "as_of": early}, {**ENDS, "as_of": late}],
        [{**ENDS, "as_of": late}, {**ENDS, "as_of": early}],
    ):
        assert announced(spec, extras).windows == ((DAY, datetime(2026, 3, 1, tzinfo=UTC)),)
    # An event without a moment asks for all that is known now.
    assert announced(spec, [ENDS, {**ENDS, "as_of": late}]).windows == ((DAY, None),)
    assert announced(spec, [{**ENDS, "as_of": late}, ENDS]).windows == ((DAY, None),)


def test_a_partition_key_alone_is_the_window_of_its_run() -> None:
    extra = {"window_start": "2020-01-01", "window_end": "2020-01-02", "as_of": "2026-03-01"}
    told = announced(spec_of(), [extra], key="2026-01-31")
    assert told.windows == ((DAY, datetime(2026, 3, 1, tzinfo=UTC)),)
    assert announced(spec_of(), [], key="2026-01-31").windows == ((DAY, None),)
    with pytest.raises(SpecError, match="'eu' is no window"):
        announced(spec_of(), [ENDS], key="eu")


def test_a_notice_of_s3_names_the_file_of_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    # The form that S3 sends, shortened. Its keys are encoded as in a URL.
    record = {
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "rows"}, "object": {"key": "a+b/2026-01-31.csv"}},
    }
    notice = message({"message_batch": [{"Body": json.dumps({"Records": [record]})}]})
    spec = spec_of("memory://rows/a b/{window_start:%Y-%m-%d}.csv")
    # No package of S3 is installed here: the names of files are the same in a storage in memory.
    monkeypatch.setattr("airmedic_core.monitor.announcements._SCHEME", "memory")
    assert [announcement.window for announcement in announced(spec, [notice]).windows] == [DAY]
    record["s3"] = {}
    with pytest.raises(SpecError, match="names no file"):
        announced(spec, [message(json.dumps({"Records": [record]}))])


def notice_of(*files: tuple[str, str]) -> dict[str, Any]:
    records = [
        {"eventName": event, "s3": {"bucket": {"name": "rows"}, "object": {"key": file}}} for event, file in files
    ]
    return message(json.dumps({"Records": records}))


def test_a_file_that_is_no_window_in_a_notice_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airmedic_core.monitor.announcements._SCHEME", "memory")
    spec = spec_of("memory://rows/{window_start:%Y-%m-%d}.csv")
    created = "ObjectCreated:Put"
    told = announced(spec, [notice_of((created, "_SUCCESS"), (created, "2026-01-31.csv"), (created, "2026-02-01.csv"))])
    assert [announcement.window for announcement in told.windows] == [DAY, NEXT]
    assert ["_SUCCESS" in error.problem for error in told.refused] == [True]


def test_a_file_that_was_removed_announces_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airmedic_core.monitor.announcements._SCHEME", "memory")
    spec = spec_of("memory://rows/{window_start:%Y-%m-%d}.csv")
    files = [("ObjectRemoved:Delete", "2026-01-31.csv"), ("s3:ObjectRemoved:DeleteMarkerCreated", "2026-02-01.csv")]
    assert announced(spec, [notice_of(*files)]) == ((), (), 1)
    told = announced(spec, [notice_of(*files, ("ObjectCreated:Copy", "2026-02-01.csv"))])
    assert [announcement.window for announcement in told.windows] == [NEXT]


@pytest.mark.parametrize(
    "bad",
    [
        {**ENDS, "as_of": "0001-01-01T00:00+14:00"},
        {**ENDS, "window_start": "0001-01-01T00:00+14:00"},
        {**ENDS, "window_end": "9999-12-31T23:00-02:00"},
    ],
)
def test_a_time_beyond_the_calendar_does_not_hold_up_the_other_messages(bad: dict[str, str]) -> None:
    told = announced(spec_of(), [message(bad), message("2026-02-01")])
    assert [announcement.window for announcement in told.windows] == [NEXT]
    assert ["beyond the calendar" in error.problem for error in told.refused] == [True]


@pytest.mark.parametrize(
    "poison",
    [
        "[" * 9000,
        '{"a":' * 3000,
        {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": 5}}}]},
        {"window_start": "2026-02-01T00:00:30", "window_end": "2026-02-02T00:00:30"},
        {"window_start": "1000-01-01", "window_end": "2999-01-01"},
        {"window_start": "0001-01-01", "window_end": "9999-12-31"},
        {**ENDS, "as_of": "2999-01-01"},
        {**ENDS, "as_of": "1999-01-01"},
        "2999-01-01",
    ],
    ids=range(9),
)
def test_a_message_that_would_stand_for_good_or_hold_up_others_is_refused(poison: object) -> None:
    told = announced(spec_of(), [message(poison), message(ENDS)])
    assert told.windows == ((DAY, None),)
    assert len(told.refused) == 1


def test_a_tasks_own_event_may_tell_of_another_time_than_todays() -> None:
    later = {"window_start": "2999-01-01", "window_end": "2999-01-02", "as_of": "2999-01-05"}
    assert len(announced(spec_of(), [later]).windows) == 1


def test_a_name_of_any_length_is_refused_at_once() -> None:
    # Tried part by part, this took hours.
    spec = spec_of("/rows/{window_start:%Y}-{window_start:%m}-{window_start:%B}-*.csv")
    with pytest.raises(SpecError, match=r"is no file of data\.path"):
        window_of_file(spec, "/rows/" + "-" * 3000)
    assert window_of_file(spec_of("/rows/{window_start:%d-%B-%Y}-*.csv"), "/rows/31-January-2026-a.csv") == DAY
