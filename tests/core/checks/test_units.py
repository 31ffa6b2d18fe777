"""Columns in another unit, in windows without labels: what is a conversion, and what only looks like one."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.monitor import PairCheck, check_pair
from airmedic_core.records import Cause, Finding
from airmedic_core.spec import parse_spec

DAYS, ROWS = 20, 300
SPEC = parse_spec(
    {
        "name": "shops",
        "task": "binary",
        "target": "returned",
        "data": {"path": "shops.parquet", "time_column": "at"},
        "features": {"numeric": ["amount", "stars", "postage", "load", "hour"], "categorical": ["country"]},
        "window": {"every": "day"},
    }
)


def rows(seed: int, days: int, first_day: int = 0, size: int = ROWS) -> pd.DataFrame:
    """Draw days of orders; ``load`` is that of the couriers, more when it rains."""
    rng = np.random.default_rng(seed)
    n = size * days
    day = np.repeat(np.arange(days), size) + first_day
    at = pd.Timestamp("2025-03-01", tz="UTC") + pd.to_timedelta(day * 86_400 + rng.integers(0, 86_400, n), "s")
    frame = pd.DataFrame(
        {
            "at": at,
            "amount": rng.lognormal(3, 0.6, n).round(2),
            "stars": rng.choice([1, 2, 3, 4, 5], n, p=[0.1, 0.1, 0.2, 0.3, 0.3]),
            "postage": rng.choice([0, 3.99, 5.99, 9.9], n, p=[0.4, 0.3, 0.2, 0.1]),
            "load": (0.6 + rng.gamma(3, 0.15, n)).round(2),
            "country": rng.choice(["de", "fr", "gb"], n, p=[0.5, 0.35, 0.15]),
        }
    )
    return frame.sort_values("at", kind="stable").reset_index(drop=True).assign(hour=lambda f: f["at"].dt.hour)


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return rows(1, DAYS)


@pytest.fixture
def today() -> pd.DataFrame:
    return rows(2, 1, DAYS)


def units(answer: PairCheck) -> dict[str, Finding]:
    return {each.subject: each for each in answer.findings if each.check == "units" and each.suggests}


@pytest.mark.parametrize(
    ("column", "factor", "share"),
    [("stars", 10, 1.0), ("stars", 0.01, 1.0), ("stars", 0.1, 0.4), ("postage", 100, 0.3)],
)
def test_a_column_of_few_values_shows_its_conversion_value_by_value(reference, today, column, factor, share):
    hit = np.random.default_rng(3).random(len(today)) < share
    answer = check_pair(SPEC, reference, today.assign(**{column: today[column].where(~hit, today[column] * factor)}))
    found = units(answer)[column]
    assert answer.assessment.cause is Cause.UNIT_CHANGE
    assert found.details["factor"] == pytest.approx(factor)
    # 40 % of the orders have no postage, which is the same in every unit: of the others, the share that was converted.
    assert found.value == pytest.approx(share, abs=0.05)


def test_new_values_of_a_column_of_few_are_no_conversion(reference, today):
    # 20, 30 and 40 are ten times known values, but of the most frequent one none was converted.
    row = np.arange(len(today))
    grown = today.assign(stars=np.where(row % 4 == 0, 20 + 10 * (row % 3), today["stars"]))
    assert "stars" not in units(check_pair(SPEC, reference, grown))


def rained(frame: pd.DataFrame, millimetres: float, seed: int) -> pd.DataFrame:
    """Return a day on which couriers carry more for the rain: an addition, not a factor."""
    more = 0.12 * millimetres * np.random.default_rng(seed).gamma(4, 0.25, len(frame))
    return frame.assign(load=(frame["load"] + more).round(2))


@pytest.mark.parametrize("millimetres", [4.0, 5.0, 9.0])
def test_a_storm_beyond_the_one_of_the_reference_is_no_conversion(reference, today, millimetres):
    day = reference["at"].dt.day == 7
    stormy = pd.concat([reference[~day], rained(reference[day], 1.0, 1)]).sort_values("at", kind="stable")
    assert "load" not in units(check_pair(SPEC, stormy.reset_index(drop=True), rained(today, millimetres, 2)))


def test_a_dearer_day_of_prices_that_wander_is_no_mixture_of_currencies(reference, today):
    # Levels of days differ by a quarter, so that no distribution tells a conversion from a season.
    rng = np.random.default_rng(2)
    level = rng.uniform(0.75, 1.25, 31)[reference["at"].dt.day.to_numpy() - 1]
    usual = reference.assign(amount=(40 * level * (1 + rng.gamma(3, 0.4, len(reference)))).round(2))
    season = today.assign(amount=(75 + 37.5 * (1 + rng.normal(0, 1, len(today)))).round(2))
    assert "amount" not in units(check_pair(SPEC, usual, season))


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


def test_one_country_in_another_unit_is_found_by_its_rows(reference, today):
    # Fifteen in a hundred rows, in pence up to now; as pounds they lie among the euros of the others.
    def in_pence(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(amount=frame["amount"] * np.where(frame["country"] == "gb", 100, 1))

    british = today["country"] == "gb"
    answer = check_pair(SPEC, in_pence(reference), today)
    found = units(answer)["amount"]
    assert answer.assessment.cause is Cause.UNIT_CHANGE
    assert (found.details["group"], found.details["factor"]) == ("country=gb", pytest.approx(1 / 100))
    assert found.value == pytest.approx(british.mean())


def test_one_country_that_became_dearer_is_in_no_other_unit(reference, today):
    dearer = today["amount"] * np.where(today["country"] == "gb", 3.6, 1.0)
    assert "amount" not in units(check_pair(SPEC, reference, today.assign(amount=dearer)))
