"""One window against a reference, where there is nothing but two sets of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import SourceError
from airmedic_core.pair import check_pair
from airmedic_core.pair.timed_rows import timed_rows
from airmedic_core.records import Cause, Verdict
from airmedic_core.spec import WindowSection
from tests.core.pair.labelled_days import SPEC, findings_of, rows_of_days


@pytest.mark.parametrize("rows", [60, 400, 2000])
def test_a_small_sample_of_the_same_time_is_healthy(rows: int) -> None:
    everything = rows_of_days(28)
    current = everything.sample(rows, random_state=rows)
    result = check_pair(SPEC, everything.drop(current.index), current)
    assert result.assessment.outcome == "healthy"
    [volume] = findings_of(result, "volume")
    assert volume.verdict is Verdict.UNKNOWN


def test_a_set_is_in_order_against_itself() -> None:
    assert check_pair(SPEC, rows_of_days(14), rows_of_days(14)).assessment.outcome == "healthy"


def test_a_reference_of_a_few_rows_is_an_error_unless_the_spec_says_that_so_many_will_do() -> None:
    everything = rows_of_days(2)
    few, current = everything[:29], everything[200:]
    with pytest.raises(SourceError, match="The reference has 29 rows; at least 30 are needed"):
        check_pair(SPEC, few, current)
    less = SPEC.model_copy(update={"window": WindowSection(min_rows=29)})
    assert check_pair(less, few, current).findings


def test_a_fault_in_a_sample_of_the_same_time_is_found() -> None:
    everything = rows_of_days(28)
    current = everything.sample(600, random_state=1)
    result = check_pair(SPEC, everything.drop(current.index), current.assign(a=current["a"] * 1000))
    assert result.assessment.cause is Cause.UNIT_CHANGE


def test_the_rest_of_a_day_that_was_cut_in_two_is_not_short_of_rows() -> None:
    everything = rows_of_days(20)
    cut = 200 * 19 + 150
    result = check_pair(SPEC, everything[:cut], everything[cut:])
    assert not findings_of(result, "volume")
    assert result.assessment.outcome == "healthy"


def test_a_few_hours_are_no_day_short_of_rows_unless_the_spec_says_that_rows_come_by_the_day() -> None:
    everything = rows_of_days(20)
    reference, hours = everything[: 200 * 19], everything[200 * 19 : 200 * 19 + 50]
    assert check_pair(SPEC, reference, hours).assessment.outcome == "healthy"
    by_day = SPEC.model_copy(update={"window": SPEC.window.model_validate({"every": "day"})})
    assert check_pair(by_day, reference, hours).assessment.cause is Cause.VOLUME_ANOMALY


def test_a_day_short_of_rows_is() -> None:
    everything = rows_of_days(20)
    thin = everything[200 * 19 :].iloc[::4]
    assert check_pair(SPEC, everything[: 200 * 19], thin).assessment.cause is Cause.VOLUME_ANOMALY


@pytest.mark.parametrize("form", ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d.%m.%Y"])
def test_times_written_in_another_way_are_a_change_of_the_schema(form: str) -> None:
    everything = rows_of_days(28)
    day = everything[200 * 27 :]
    written = day.assign(at=pd.to_datetime(day["at"]).dt.strftime(form))
    result = check_pair(SPEC, everything[: 200 * 27], written)
    assert result.assessment.cause is Cause.SCHEMA_CHANGE
    [finding] = [finding for finding in findings_of(result, "pair") if finding.statistic == "time_format"]
    assert finding.details["format"] == form


US = "%m/%d/%Y %H:%M"


def _written(rows: pd.DataFrame, form: str) -> pd.DataFrame:
    return rows.assign(at=pd.to_datetime(rows["at"]).dt.strftime(form))


def test_of_two_formats_the_one_that_reads_more_is_taken() -> None:
    """Day first reads the first twelve days of each month only: 12 of 31 in January."""
    everything = _written(rows_of_days(40, start="2026-01-05"), US)
    reference, current = everything[: 200 * 39], everything[200 * 39 :]
    before, now, findings = timed_rows(SPEC, reference, current)
    assert (len(before), len(now), findings) == (len(reference), len(current), [])
    assert before["at"].iloc[-1] < now["at"].iloc[0] == pd.Timestamp("2026-02-13", tz="UTC")


def test_days_that_read_either_way_are_read_as_the_other_rows_are() -> None:
    everything = _written(rows_of_days(13), US)
    before, now, findings = timed_rows(SPEC, everything[: 200 * 12], everything[200 * 12 :])
    assert not findings
    assert before["at"].iloc[-1].month == now["at"].iloc[-1].month == 1


@pytest.mark.parametrize("day", [5, 20])
def test_times_of_another_format_are_read_so_that_they_lie_next_to_the_reference(day: int) -> None:
    start = pd.Timestamp(f"2026-02-{day:02d}")
    reference = rows_of_days(30, start=str(start - pd.Timedelta(days=30)))
    _, now, [finding] = timed_rows(SPEC, reference, _written(rows_of_days(1, start=str(start)), US))
    assert finding.details["format"] == US
    assert finding.verdict is Verdict.ALERT
    assert now["at"].iloc[0] == start.tz_localize("UTC")


@pytest.mark.parametrize("which", ["reference", "current"])
def test_times_that_no_format_reads_are_an_error_with_an_example(which: str) -> None:
    everything = rows_of_days(20)
    reference, current = everything[: 200 * 19], everything[200 * 19 :]
    odd = _written(reference if which == "reference" else current, "week %V of %Y")
    with pytest.raises(SourceError, match=rf"{which} rows.*'week \d+ of 2026'.*data\.time_format"):
        timed_rows(SPEC, *((odd, current) if which == "reference" else (reference, odd)))


def test_a_reference_of_two_formats_is_an_error() -> None:
    everything = rows_of_days(20)
    mixed = pd.concat([everything[: 200 * 15], _written(everything[200 * 15 : 200 * 19], "%d. %m. %Y")])
    with pytest.raises(SourceError, match="ISO8601, reads 79 % of them"):
        timed_rows(SPEC, mixed, everything[200 * 19 :])


@pytest.mark.parametrize(("damaged", "verdict"), [(1, Verdict.OK), (8, Verdict.ALERT)])
def test_damaged_times_of_the_current_rows_are_told(damaged: int, verdict: Verdict) -> None:
    everything = rows_of_days(20)
    current = everything[200 * 19 :].copy()
    current.loc[current.index[:damaged], "at"] = "?"
    _, now, [finding] = timed_rows(SPEC, everything[: 200 * 19], current)
    assert (finding.statistic, finding.verdict) == ("unreadable_times", verdict)
    assert len(now) == 200 - damaged


def test_labels_whose_time_is_written_in_another_way_are_known() -> None:
    spec = SPEC.model_copy(update={"label_time_column": "known_at"})
    everything = rows_of_days(20).assign(known_at=lambda rows: _written(rows, US)["at"])
    before, _, _ = timed_rows(spec, everything[: 200 * 19], everything[200 * 19 :])
    assert before["known_at"].notna().all()


def test_times_in_seconds_since_1970_are_a_change_of_the_schema() -> None:
    everything = rows_of_days(28)
    day = everything[200 * 27 :]
    since = (pd.to_datetime(day["at"]) - pd.Timestamp("1970-01-01")) // pd.Timedelta(seconds=1)
    result = check_pair(SPEC, everything[: 200 * 27], day.assign(at=since))
    assert result.assessment.cause is Cause.SCHEMA_CHANGE


def test_a_way_of_writing_times_that_both_have_is_no_change() -> None:
    everything = rows_of_days(28)
    everything["at"] = pd.to_datetime(everything["at"]).dt.strftime("%d/%m/%Y %H:%M")
    assert check_pair(SPEC, everything[: 200 * 27], everything[200 * 27 :]).assessment.outcome == "healthy"


def test_rows_without_a_time_are_told() -> None:
    everything = rows_of_days(28)
    day = everything[200 * 27 :].copy()
    day.loc[day.index[::3], "at"] = None
    result = check_pair(SPEC, everything[: 200 * 27], day)
    [finding] = [finding for finding in findings_of(result, "pair") if finding.statistic == "unreadable_times"]
    assert finding.value == pytest.approx(67 / 200)
    assert result.assessment.outcome == "incident"


def test_months_do_not_make_every_window_unlike_all_before() -> None:
    everything = rows_of_days(120)
    at = pd.to_datetime(everything["at"])
    everything = everything.assign(month=at.dt.month_name(), week=at.dt.isocalendar().week, year=at.dt.year)
    result = check_pair(SPEC, everything[: 200 * 90], everything[200 * 90 :])
    assert result.assessment.outcome == "healthy"


@pytest.mark.parametrize("days", [28, 30, 31])
def test_a_month_against_the_month_before_holds_as_many_rows_as_expected(days: int) -> None:
    everything = rows_of_days(31 + days)
    result = check_pair(SPEC, everything[: 200 * 31], everything[200 * 31 :])
    assert result.assessment.outcome == "healthy"
    volume = [finding for finding in findings_of(result, "volume") if finding.baseline is not None]
    assert all(finding.baseline == pytest.approx(200 * days, rel=0.11) for finding in volume)


def test_days_of_the_week_that_come_back_are_not_stale() -> None:
    """Windows of 21 days: each begins on the same day of the week as all before."""
    at = pd.date_range("2026-01-01T10:00", periods=5000, freq="h")
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"at": at.astype(str), "weekday": at.dayofweek, "hour": at.hour, "y": rng.random(5000) < 0.5})
    rows["load"] = rng.normal(size=5000)
    result = check_pair(SPEC, rows[:4500], rows[4500:])
    assert not [finding for finding in findings_of(result, "freshness") if finding.verdict is Verdict.ALERT]


def test_all_values_count_as_converted_although_zeros_look_the_same_in_every_unit() -> None:
    """A third of the delays are zero, the others whole days; in hours they are 24 times as large."""
    everything = rows_of_days(28)
    rng = np.random.default_rng(5)
    delay = np.where(rng.random(len(everything)) < 0.33, 0, rng.geometric(0.02, len(everything)))
    everything = everything.assign(delay=delay)
    current = everything.sample(1500, random_state=1)
    result = check_pair(SPEC, everything.drop(current.index), current.assign(delay=current["delay"] * 24))
    assert result.assessment.cause is Cause.UNIT_CHANGE
    [finding] = [finding for finding in findings_of(result, "units") if finding.subject == "delay"]
    assert finding.details["factor"] == 24
    assert finding.value == 1.0


def _of_weekdays(days: int, *, start: str = "2026-01-05") -> pd.DataFrame:
    """Rows from 08:00 on, and half as many of them at weekends; the first day is a Monday."""
    everything = rows_of_days(days, start=start)
    at = pd.to_datetime(everything["at"])
    return everything[(at.dt.hour >= 8) & ((at.dt.dayofweek < 5) | (np.arange(len(everything)) % 2 == 0))]


def test_a_monday_after_a_sunday_that_was_left_out_is_held_against_mondays() -> None:
    reference = _of_weekdays(28)
    # The last hours of the Sunday are missing: a part of a window says nothing of how many rows a window has.
    reference = reference[reference["at"] < "2026-02-01T20:00:00"]
    current = _of_weekdays(1, start="2026-02-02")
    daily = SPEC.model_copy(update={"window": WindowSection(every="1d")})
    [volume] = findings_of(check_pair(daily, reference, current), "volume")
    assert volume.verdict is Verdict.OK
    assert volume.baseline == pytest.approx(len(current), rel=0.01)


def test_how_many_rows_come_long_after_the_reference_is_not_known() -> None:
    reference, much_later = rows_of_days(10), rows_of_days(1, start="2026-06-01", a_day=1000)
    [volume] = findings_of(check_pair(SPEC, reference, much_later), "volume")
    assert volume.verdict is Verdict.UNKNOWN
    soon = rows_of_days(1, start="2026-01-13", a_day=1000)
    [volume] = findings_of(check_pair(SPEC, reference, soon), "volume")
    assert volume.verdict is Verdict.ALERT


@pytest.mark.parametrize(("lost", "alarms"), [(2, False), (4, True)])
def test_a_few_nulls_of_a_few_rows_are_a_loss_where_there_never_was_one(lost: int, alarms: bool) -> None:
    current = rows_of_days(1, start="2026-02-01", a_day=24)
    current.loc[current.index[:lost], "a"] = np.nan
    result = check_pair(SPEC, rows_of_days(31, a_day=24), current)
    nulls = [finding for finding in findings_of(result, "corruption") if finding.statistic == "null_fraction"]
    assert bool(nulls) is alarms


@pytest.mark.parametrize("days", [88, 89, 90])
def test_a_reference_that_ends_on_a_day_that_other_months_lack_is_split_into_months(days: int) -> None:
    """From 1 January these end on 29, 30 and 31 March; the window is all of April, and so are its windows months."""
    result = check_pair(SPEC, rows_of_days(days, a_day=30), rows_of_days(30, start="2026-04-01", a_day=30, seed=1))
    assert result.assessment.outcome == "healthy"


@pytest.mark.parametrize(("form", "factor"), [("unix", 1), ("unix_ms", 10**3), ("unix_us", 10**6), ("unix_ns", 10**9)])
def test_times_in_every_unit_since_1970_are_read_as_monitoring_reads_them(form: str, factor: int) -> None:
    spec = SPEC.model_copy(update={"data": SPEC.data.model_copy(update={"time_format": form})})
    rows = rows_of_days(3)
    counted = rows.assign(at=(pd.to_datetime(rows["at"], utc=True).dt.as_unit("ns").astype("int64") // 10**9) * factor)
    before, now, findings = timed_rows(spec, counted[:400], counted[400:])
    assert before["at"].iloc[0] == pd.Timestamp("2026-01-01", tz="UTC")
    assert now["at"].iloc[-1].floor("D") == pd.Timestamp("2026-01-03", tz="UTC")
    assert findings == []


@pytest.mark.parametrize("stray", ["1970-01-01T00:00:00", "2262-04-01T00:00:00"])
@pytest.mark.parametrize("side", ["reference", "current"])
def test_one_stray_time_does_not_hide_that_most_rows_are_missing(stray: str, side: str) -> None:
    before, now = rows_of_days(28), rows_of_days(1, start="2026-01-29", seed=1)[::10]
    sides = {"reference": before, "current": now}
    sides[side] = pd.concat([sides[side], sides[side][:1].assign(at=stray)])
    result = check_pair(SPEC, sides["reference"], sides["current"])
    assert result.assessment.cause is Cause.VOLUME_ANOMALY
    told = [finding for finding in result.findings if finding.statistic == "stray_times"]
    assert [finding.verdict for finding in told] == ([Verdict.WATCH] if side == "current" else [])


def test_times_that_are_damaged_in_many_rows_are_corrupt() -> None:
    before, now = rows_of_days(28), rows_of_days(1, start="2026-01-29", seed=1)
    now.loc[now.index % 15 == 0, "at"] = "1970-01-01T00:00:00"
    result = check_pair(SPEC, before, now)
    assert result.assessment.cause is Cause.DATA_CORRUPTION


def test_rows_spread_over_years_have_no_stray_times() -> None:
    spec = SPEC.model_copy(update={"window": WindowSection(every="month")})
    rows = rows_of_days(4 * 365, start="2021-01-01", a_day=2)
    result = check_pair(spec, rows[:2600], rows[2600:])
    assert not [finding for finding in result.findings if finding.statistic == "stray_times"]
