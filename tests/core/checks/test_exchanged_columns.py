"""Columns under each other's names, and columns that only change places."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks.schema import exchanged_columns as _exchanged
from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause
from airmedic_core.reports.private import Privacy
from airmedic_core.spec import ModelSpec, parse_spec

DAYS = 28
SATURDAY = 33


def spec_of(*numeric: str, private: tuple[str, ...] = ()) -> ModelSpec:
    return parse_spec(
        {
            "name": "visits",
            "task": "binary",
            "target": "bought",
            "data": {"path": "visits.parquet", "time_column": "at"},
            "features": {"numeric": list(numeric), "categorical": []},
            "window": {"every": "day"},
            "private": list(private),
        }
    )


def days_of(seed: int, days: int, first_day: int, size: int) -> tuple[pd.DataFrame, np.random.Generator, np.ndarray]:
    """Return moments from a Monday on, the generator that drew them, and the day of each."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), size) + first_day
    seconds = day * 86_400 + np.tile(np.sort(rng.integers(0, 86_400, size)), days)
    at = pd.Timestamp("2025-01-06", tz="UTC") + pd.to_timedelta(seconds, "s")
    return pd.DataFrame({"at": at, "x": rng.normal(0.0, 1.0, len(day))}), rng, day


def flags(seed: int, days: int, first_day: int, size: int, weekday: float, weekend: float) -> pd.DataFrame:
    frame, rng, day = days_of(seed, days, first_day, size)
    new = rng.random(len(day)) < np.where(day % 7 >= 5, weekend, weekday)
    return frame.assign(is_new=new.astype(int), is_returning=(~new).astype(int))


def exchanged(answer: PairCheck) -> list[str]:
    return [finding.subject for finding in answer.findings if finding.statistic == "exchanged"]


def test_flags_that_are_each_others_opposite_change_their_mix():
    spec = spec_of("is_new", "is_returning", "x")
    answer = check_pair(spec, flags(1, DAYS, 0, 300, 0.3, 0.3), flags(2, 1, DAYS, 300, 0.7, 0.7))
    assert exchanged(answer) == []
    assert answer.assessment.cause is Cause.HARMLESS_COVARIATE_SHIFT, answer.assessment.headline


def test_a_weekend_that_the_reference_holds_exchanges_nothing():
    spec = spec_of("is_new", "is_returning", "x")
    answer = check_pair(spec, flags(1, DAYS, 0, 60, 0.25, 0.8), flags(2, 1, SATURDAY, 60, 0.25, 0.8))
    assert exchanged(answer) == []
    assert answer.assessment.outcome == "healthy", answer.assessment.headline


def shares(seed: int, days: int, first_day: int, centre: float) -> pd.DataFrame:
    frame, rng, day = days_of(seed, days, first_day, 300)
    mobile_share = rng.normal(centre, 0.1, len(day)).clip(0.0, 1.0)
    return frame.assign(mobile=mobile_share, desktop=1.0 - mobile_share)


def test_shares_of_a_whole_change_places_when_the_mix_turns():
    answer = check_pair(spec_of("mobile", "desktop", "x"), shares(1, DAYS, 0, 0.3), shares(2, 1, DAYS, 0.7))
    assert exchanged(answer) == []
    assert answer.assessment.cause is Cause.HARMLESS_COVARIATE_SHIFT, answer.assessment.headline


def levels(seed: int, days: int, first_day: int) -> pd.DataFrame:
    """Two numbers that change places on one Saturday in four weeks."""
    frame, rng, day = days_of(seed, days, first_day, 300)
    up, n = np.where(day % DAYS == SATURDAY - DAYS, 1.0, -1.0), len(day)
    return frame.assign(shops=rng.normal(-up, 0.5, n), web=rng.normal(up, 0.5, n))


def test_numbers_that_have_changed_places_before_are_not_exchanged():
    answer = check_pair(spec_of("shops", "web", "x"), levels(1, DAYS, 0), levels(2, 1, SATURDAY))
    assert exchanged(answer) == []


def people(seed: int, days: int, first_day: int) -> pd.DataFrame:
    frame, rng, day = days_of(seed, days, first_day, 300)
    return frame.assign(weight=rng.normal(70.0, 10.0, len(day)), salary=rng.normal(3000.0, 500.0, len(day)))


@pytest.mark.parametrize("private", [(), ("salary",)])
def test_a_finding_on_a_public_column_does_not_name_a_private_one(private):
    spec = spec_of("weight", "salary", "x", private=private)
    now = people(2, 1, DAYS).rename(columns={"weight": "salary", "salary": "weight"})
    answer = check_pair(spec, people(1, DAYS, 0), now)
    assert exchanged(answer) == ["weight", "salary"]
    shown = [finding for finding in Privacy(spec).findings(answer.findings) if finding.statistic == "exchanged"]
    said = [f"{finding.message} {dict(finding.details)}" for finding in shown if finding.subject == "weight"]
    assert ["salary" in text for text in said] == [not private]
    assert ("salary" in answer.assessment.headline) is (not private)


def test_a_private_column_is_not_named_as_the_new_name_of_a_public_one_or_as_new():
    spec = spec_of("weight", "x", private=("pounds", "debts"))
    usual, now = (
        people(seed, days, first)[["at", "x", "weight"]] for seed, days, first in ((1, DAYS, 0), (2, 1, DAYS))
    )
    answer = check_pair(spec, usual, now.rename(columns={"weight": "pounds"}).assign(debts=1.0, notes=2.0))
    of_schema = {
        finding.key: f"{finding.message} {dict(finding.details)}"
        for finding in answer.findings
        if finding.check == "schema"
    }
    assert "another column holds the same values" in of_schema["schema:weight:missing_column"]
    assert "notes" in of_schema["schema:batch:new_columns"]
    assert not [text for text in of_schema.values() if "pounds" in text or "debts" in text]


def test_columns_that_lost_their_values_are_not_held_against_each_other(monkeypatch):
    compared = []
    near = _exchanged._near
    monkeypatch.setattr(_exchanged, "_near", lambda *of: compared.append(of) or near(*of))
    names = [f"n{number}" for number in range(12)]

    def numbers(seed: int, days: int, first_day: int) -> pd.DataFrame:
        frame, rng, day = days_of(seed, days, first_day, 100)
        return frame.assign(**{name: rng.normal(0.0, 1.0, len(day)) for name in names})

    now = numbers(2, 1, DAYS)
    answer = check_pair(spec_of(*names), numbers(1, DAYS, 0), now.assign(**dict.fromkeys(names, 0.0)))
    assert (compared, exchanged(answer)) == ([], [])
