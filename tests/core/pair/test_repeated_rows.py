"""Rows that come again: those of an earlier window, and those of the same delivery."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Finding, Verdict
from airmedic_core.spec import ModelSpec, parse_spec
from tests.core.pair.labelled_days import SPEC, findings_of, rows_of_days


def _calendar_rows(days: int, *, start: str, seed: int) -> pd.DataFrame:
    """Hours of which the inputs are the hour and the day of the week only; the load follows from them, with noise."""
    at = pd.date_range(start, periods=24 * days, freq="h")
    load = at.hour * 10.0 + at.dayofweek + np.random.default_rng(seed).normal(size=len(at))
    return pd.DataFrame({"at": at.astype(str), "hour": at.hour, "weekday": at.dayofweek, "load": load})


_CALENDAR_SPEC: ModelSpec = parse_spec(
    {
        "name": "m",
        "task": "regression",
        "target": "load",
        "data": {"path": "rows.csv", "time_column": "at"},
        "features": {"categorical": ["hour", "weekday"]},
    }
)


def _repeated(result: PairCheck) -> Finding:
    [finding] = [finding for finding in findings_of(result, "freshness") if finding.statistic == "repeated_rows"]
    return finding


def test_inputs_that_come_again_with_other_outcomes_are_new_rows() -> None:
    """One window of 28 days stands before: no earlier pair shows that a calendar comes again."""
    reference, current = (
        _calendar_rows(28, start=day, seed=seed) for seed, day in enumerate(("2026-02-02", "2026-03-02"))
    )
    result = check_pair(_CALENDAR_SPEC, reference, current)
    assert _repeated(result).verdict is Verdict.OK
    again = reference.assign(at=current["at"])
    assert _repeated(check_pair(_CALENDAR_SPEC, reference, again)).verdict is Verdict.ALERT


def test_inputs_that_one_half_of_the_reference_shares_with_the_other_are_not_stale() -> None:
    """No outcomes are there yet. The 168 hours of a week come four times in the reference."""
    reference, current = (_calendar_rows(28, start=day, seed=1) for day in ("2026-02-02", "2026-03-02"))
    finding = _repeated(check_pair(_CALENDAR_SPEC, reference, current.drop(columns="load")))
    assert finding.verdict is Verdict.OK
    assert finding.value == pytest.approx(1.0)
    assert finding.baseline == pytest.approx(1.0)


def _duplicate_findings(result: PairCheck) -> list[Finding]:
    return [finding for finding in findings_of(result, "corruption") if finding.statistic == "duplicate_fraction"]


def test_every_row_delivered_three_times_is_corruption_without_an_earlier_window() -> None:
    everything = rows_of_days(5)
    current = everything[200:]
    thrice = pd.concat([current] * 3, ignore_index=True)
    [finding] = _duplicate_findings(check_pair(SPEC, everything[:200], thrice))
    assert finding.verdict is Verdict.ALERT
    # Two of three copies repeat the first.
    assert finding.value == pytest.approx(2 / 3)
    assert not _duplicate_findings(check_pair(SPEC, everything[:200], current))


def test_rows_drawn_with_replacement_were_not_delivered_twice() -> None:
    everything = rows_of_days(10)
    current = everything[1600:]
    drawn = current.sample(1200, replace=True, random_state=0, ignore_index=True)
    assert not _duplicate_findings(check_pair(SPEC, everything[:1600], drawn))
    twice = pd.concat([current, current], ignore_index=True)
    assert _duplicate_findings(check_pair(SPEC, everything[:1600], twice))


def _coarse(count: int, *, start: str, seed: int) -> pd.DataFrame:
    """Rows of two flags and a label, a minute apart: eight different ones, that all come again and again."""
    rng = np.random.default_rng(seed)
    at = pd.Timestamp(start) + pd.to_timedelta(np.arange(count), unit="min")
    flags = rng.random((count, 3)) < (0.3, 0.5, 0.2)
    return pd.DataFrame({"at": at, "a": flags[:, 0] * 1, "b": flags[:, 1] * 1, "y": flags[:, 2] * 1})


def _in_order(result: PairCheck) -> list[Finding]:
    return [finding for finding in findings_of(result, "freshness") if finding.statistic == "repeated_order"]


def test_rows_that_come_in_the_same_order_are_stale_however_few_different_ones_there_are() -> None:
    reference, current = _coarse(1000, start="2026-01-01", seed=0), _coarse(1000, start="2026-01-02", seed=1)
    again = reference.tail(600).assign(at=current["at"].to_numpy()[:600])
    [finding] = _in_order(check_pair(SPEC, reference, again))
    assert finding.verdict is Verdict.ALERT
    assert finding.value == pytest.approx(1.0)
    assert not _in_order(check_pair(SPEC, reference, current))
    # The same rows in another order are what chance gives, too.
    shuffled = again.sample(frac=1.0, random_state=0).assign(at=again["at"].to_numpy())
    assert not _in_order(check_pair(SPEC, reference, shuffled))


def test_an_order_that_the_reference_itself_repeats_says_nothing() -> None:
    """A machine that runs the same program every hour, and is labelled by it."""
    program = _coarse(60, start="2026-01-01", seed=0)

    def hours(count: int, start: str) -> pd.DataFrame:
        at = pd.Timestamp(start) + pd.to_timedelta(np.arange(60 * count), unit="min")
        return pd.concat([program] * count, ignore_index=True).assign(at=at)

    assert not _in_order(check_pair(SPEC, hours(20, "2026-01-01"), hours(5, "2026-01-02")))
