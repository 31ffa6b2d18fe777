"""Columns in another unit, in windows without labels: what is a conversion, and what only looks like one."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks.units.clock import hours_ahead
from airmedic_core.checks.units.conversions import Map, known_maps
from airmedic_core.checks.units.converted_groups import Groups, converted_group
from airmedic_core.checks.units.converted_rows import Cumulative
from airmedic_core.checks.units.factors import fitting_factors
from airmedic_core.comparison import CheckContext
from airmedic_core.measures import ties as _ties
from airmedic_core.measures.ties import Ties
from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.pair.pair import compared
from airmedic_core.profile import Edges, build_profile
from airmedic_core.profile.values import category_codes, category_names
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
    return {finding.subject: finding for finding in answer.findings if finding.check == "units" and finding.suggests}


@pytest.mark.parametrize(
    ("column", "factor", "share"),
    [("stars", 10, 1.0), ("stars", 0.01, 1.0), ("stars", 0.1, 0.4), ("postage", 100, 0.3)],
)
def test_a_column_of_few_values_shows_its_conversion_value_by_value(reference, today, column, factor, share):
    hit = np.random.default_rng(3).random(len(today)) < share
    answer = check_pair(SPEC, reference, today.assign(**{column: today[column].where(~hit, today[column] * factor)}))
    finding = units(answer)[column]
    assert answer.assessment.cause is Cause.UNIT_CHANGE
    assert finding.details["factor"] == pytest.approx(factor)
    # 40 % of the orders have no postage, which is the same in every unit: of the others, the share that was converted.
    assert finding.value == pytest.approx(share, abs=0.05)


def test_new_values_of_a_column_of_few_are_no_conversion(reference, today):
    # 20, 30 and 40 are ten times known values, but of the most frequent one none was converted.
    row = np.arange(len(today))
    grown = today.assign(stars=np.where(row % 4 == 0, 20 + 10 * (row % 3), today["stars"]))
    assert "stars" not in units(check_pair(SPEC, reference, grown))


def rained(frame: pd.DataFrame, millimetres: float, seed: int) -> pd.DataFrame:
    """Return a day on which couriers carry more for the rain: an addition, not a factor."""
    more = 0.12 * millimetres * np.random.default_rng(seed).gamma(4, 0.25, len(frame))
    return frame.assign(load=(frame["load"] + more).round(2))


@pytest.mark.parametrize(("factor", "share"), [(2.54, 1.0), (24.0, 1.0), (1 / 3.6, 1.0), (1000.0, 0.4), (0.01, 0.3)])
def test_a_known_factor_keeps_its_name(reference, today, factor, share):
    hit = np.random.default_rng(3).random(len(today)) < share
    # Of many digits, so that only the distribution shows the factor.
    changed = today["load"].where(~hit, today["load"] * factor)
    finding = units(check_pair(SPEC, reference, today.assign(load=changed)))["load"]
    assert finding.details["factor"] == pytest.approx(factor)
    assert finding.details["factor_low"] <= factor * 1.05
    assert finding.details["factor_high"] >= factor * 0.95


@pytest.mark.parametrize(("factor", "share"), [(8.7, 1.0), (1 / 8.7, 1.0), (4.31, 1.0), (15.0, 0.3)])
def test_the_factors_that_fit_hold_the_true_one(reference, today, factor, share):
    hit = np.random.default_rng(3).random(len(today)) < share
    changed = today["amount"].where(~hit, today["amount"] * factor)
    finding = units(check_pair(SPEC, reference, today.assign(amount=changed)))["amount"]
    assert finding.details["factor_low"] < factor < finding.details["factor_high"]
    assert "fit" in finding.message


@pytest.fixture(scope="module")
def amounts(reference) -> Cumulative:
    return Cumulative(build_profile(Edges.from_frame(SPEC, reference), reference).columns["amount"], strict=True)


def drawn(factor: float, seed: int, share: float = 1.0, size: int = 2_000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sort(rng.lognormal(3, 0.6, size) * np.where(rng.random(size) < share, factor, 1.0))


def known(factor: float) -> Map:
    return next(
        conversion
        for conversion in known_maps()
        if conversion.factor == pytest.approx(factor) and not conversion.offset
    )


def test_a_share_is_not_told_by_a_factor_far_from_the_one_that_fits(amounts):
    # 4.31 stands not far enough apart for a share of the rows, so that 6.895 was the nearest one to be looked at.
    fitting = [
        fitting_factors(drawn(4.31, seed, 0.2), amounts, known(6.894757), whole=False, usual=0.03) for seed in range(10)
    ]
    assert sum(factors.low < 4.31 < factors.high for factors in fitting) >= 9
    assert all(factors.named.factor < 6.0 for factors in fitting)


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("factor", [10.0, 1 / 100, 1000.0, 60.0, 1 / 24])
def test_the_factors_that_fit_hold_the_true_one_and_it_is_told(amounts, factor, share):
    for seed in range(5):
        values = drawn(factor, seed, share)
        factors = fitting_factors(values, amounts, known(factor), whole=share == 1.0, usual=0.03)
        assert factors.low < factor < factors.high
        assert factors.named == known(factor)


@pytest.mark.parametrize(("factor", "near", "said"), [(42.0, 33.863886, "times about 4"), (1 / 45, 1 / 60, "divided")])
def test_a_factor_that_is_no_known_conversion_is_told_by_its_size(amounts, factor, near, said):
    factors = fitting_factors(drawn(factor, 2, size=20_000), amounts, known(near), whole=True, usual=0.01)
    assert factors.named.name.startswith(said)
    assert factors.named.factor == pytest.approx(factor, rel=0.04)


@pytest.mark.parametrize("factor", [8.7, 1 / 8.7, 83.0])
def test_a_whole_column_in_another_currency_is_another_unit(reference, today, factor):
    # No known conversion fits a column as narrow as this one.
    answer = check_pair(SPEC, reference, today.assign(load=today["load"] * factor))
    assert answer.assessment.cause is Cause.UNIT_CHANGE
    finding = units(answer)["load"]
    assert finding.details["factor_low"] < factor < finding.details["factor_high"]


@pytest.mark.parametrize(("scale", "name"), [("range", "rescaled to 0…1"), ("spread", "standardised")])
def test_a_column_that_was_scaled_for_a_model_is_in_another_unit(reference, today, scale, name):
    dear = reference.assign(amount=reference["amount"] + 100), today.assign(amount=today["amount"] + 100)
    amounts, now = (frame["amount"] for frame in dear)
    low, width = (amounts.min(), amounts.max() - amounts.min()) if scale == "range" else (amounts.mean(), amounts.std())
    scaled = dear[1].assign(amount=(now - low) / width)
    assert units(check_pair(SPEC, dear[0], scaled))["amount"].details["map"] == name


def test_a_column_that_doubled_or_lost_its_shape_is_in_no_other_unit(reference, today):
    for changed in (today["load"] * 2.0, today["load"] ** 3 * 4.0 + 3.0):
        assert "load" not in units(check_pair(SPEC, reference, today.assign(load=changed)))


def test_no_more_is_claimed_than_was_tried(amounts):
    # Where windows wander this much, any factor from the half to the double explains the values.
    factors = fitting_factors(drawn(10.0, 3), amounts, known(10.0), whole=True, usual=0.9)
    assert factors.beyond
    assert "and beyond" in factors.sentence()
    assert factors.sentence().count("(") <= 3


def test_conversions_that_fit_as_well_are_named(reference, today):
    finding = units(check_pair(SPEC, reference, today.assign(load=today["load"] * 1024)))["load"]
    assert "thousand (milli, kilo)" in finding.message
    assert "1024 (binary)" in finding.message


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
    finding = units(answer)["amount"]
    assert answer.assessment.cause is Cause.UNIT_CHANGE
    assert (finding.details["group"], finding.details["factor"]) == ("country=gb", pytest.approx(1 / 100))
    hidden = units(check_pair(SPEC.model_copy(update={"private": ("country",)}), in_pence(reference), today))["amount"]
    assert "gb" not in hidden.message
    assert "group" not in hidden.details
    assert finding.value == pytest.approx(british.mean())


def test_one_country_that_became_dearer_is_in_no_other_unit(reference, today):
    dearer = today["amount"] * np.where(today["country"] == "gb", 3.6, 1.0)
    assert "amount" not in units(check_pair(SPEC, reference, today.assign(amount=dearer)))


POWER = parse_spec(
    {
        "name": "plant",
        "task": "binary",
        "target": "failed",
        "data": {"path": "plant.parquet", "time_column": "at"},
        "features": {"numeric": ["power", "noise"], "categorical": ["machine"]},
        "window": {"every": "day"},
    }
)
MONDAY = pd.Timestamp("2025-01-06", tz="UTC")


def machines(seed: int, days: int, first_day: int = 0, size: int = 600) -> pd.DataFrame:
    """Draw days of four machines that need the same power; machine B idles on Sundays, at a tenth of it."""
    rng = np.random.default_rng(seed)
    n = size * days
    day = np.repeat(np.arange(days), size) + first_day
    machine, power = rng.choice(list("ABCD"), n), rng.lognormal(5, 0.5, n)
    idle = (machine == "B") & (day % 7 == 6)
    at = MONDAY + pd.to_timedelta(day * 86_400 + np.tile(np.sort(rng.integers(0, 86_400, size)), days), "s")
    power = np.where(idle, power / 10 * rng.lognormal(0, 0.1, n), power).round(2)
    return pd.DataFrame({"at": at, "power": power, "machine": machine, "noise": rng.normal(0, 1, n)})


@pytest.mark.parametrize("day", [34, 41])
def test_a_machine_that_idles_every_sunday_is_in_no_other_unit(day):
    assert units(check_pair(POWER, machines(0, 28), machines(1, 1, day))) == {}


def groups_of(reference: pd.DataFrame, current: pd.DataFrame) -> tuple[CheckContext, Groups]:
    context = compared(POWER, reference, current, datetime.now(UTC))
    assert context.reference_rows is not None
    return context, Groups(context, context.reference_rows, 0.05)


def busy(seed: int, days: int, first_day: int = 0) -> pd.DataFrame:
    return machines(seed, days, first_day).query("at.dt.dayofweek != 6").reset_index(drop=True)


def test_a_tenth_of_the_power_of_one_machine_is_another_unit_where_it_never_idled():
    _, groups = groups_of(busy(0, 28), machines(1, 1, 34))
    group = converted_group(groups, "power", known_maps())
    assert group is not None
    assert (group.group, group.conversion.factor) == ("machine=B", pytest.approx(1 / 10))


@pytest.mark.parametrize(
    ("factor", "converted"), [(1000, True), (0.01, True), (60, True), (8, False), (20, False), (45, False)]
)
def test_a_factor_of_a_group_must_be_told_from_those_beside_it(factor, converted):
    # Between 5 and 40 there are a dozen known factors: one of them lies within a fifth of any.
    for seed in (1, 2, 3):
        today = busy(seed, 1, 28)
        today["power"] *= np.where(today["machine"] == "B", factor, 1)
        _, groups = groups_of(busy(0, 28), today)
        group = converted_group(groups, "power", known_maps())
        assert (group is not None) == converted
        assert group is None or (group.group, group.conversion.factor) == ("machine=B", pytest.approx(factor))


def customers(seed: int, days: int, first_day: int = 0, size: int = 400, count: int = 8) -> pd.DataFrame:
    """Draw days of orders; the size of each customer's wanders from day to day, by 1.2 in its logarithm."""
    rng = np.random.default_rng(seed)
    parts = []
    for day in range(first_day, first_day + days):
        customer, level = rng.integers(0, count, size), rng.normal(0, 1.2, count)
        at = MONDAY + pd.to_timedelta(day * 86_400 + np.sort(rng.integers(0, 86_400, size)), "s")
        volume = np.exp(3 + level[customer] + rng.normal(0, 0.6, size)).round(1)
        machine = np.array([f"customer {number}" for number in customer])
        parts.append(pd.DataFrame({"at": at, "power": volume, "machine": machine, "noise": rng.normal(0, 1, size)}))
    return pd.concat(parts, ignore_index=True)


def test_customers_whose_orders_wander_are_in_no_other_unit():
    usual = customers(1, 28)
    alarms = [seed for seed in range(50, 62) if units(check_pair(POWER, usual, customers(seed, 1, 28)))]
    assert alarms == []


def test_a_group_without_most_of_its_values_is_judged_by_those_it_has():
    # Nulls are nowhere among the values: machine B is where it was, as far as it is known.
    today = machines(1, 1, 28)
    today["power"] = today["power"].where((today["machine"] != "B") | (today.index % 3 == 0))
    _, groups = groups_of(machines(0, 28), today)
    assert list(groups.moved(today["power"].to_numpy(), groups.past["power"].to_numpy())) == []


def test_a_column_of_lists_hides_no_unit(reference, today):
    cents = today.assign(amount=today["amount"] * 100, country=[[value] for value in today["country"]])
    answer = check_pair(SPEC, reference, cents)
    assert units(answer)["amount"].details["factor"] == pytest.approx(100)
    assert [finding.key for finding in answer.findings if finding.statistic == "error"] == []


def test_nested_categories_count_by_their_text():
    values = pd.Series([["a"], None, ["b"], ["a"], "x"])
    assert category_codes(values, ["['a']", "['b']"]).tolist() == [0, -1, 1, 0, -1]
    assert category_names(values)[[0, 3]].tolist() == ["['a']", "['a']"]


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


@pytest.mark.parametrize(("share", "found"), [(0.1, None), (0.5, -3)])
def test_rows_of_one_more_region_tell_its_hour_and_are_no_fault(share, found):
    past, now = told_in("America/New_York", "2024-01-10", 28, 1), told_in("America/New_York", "2024-02-10", 1, 2)
    west = (now["hour"] - 3) % 24
    now["hour"] = now["hour"].mask(now.index % round(1 / share) == 0, west)
    answer = hours_ahead(past, now, "hour", "at", 0.05)
    assert (answer and answer[0]) == found


def test_rows_are_encoded_once_for_the_ties_of_all_columns(reference, today, monkeypatch):
    context = compared(SPEC, reference, today, datetime.now(UTC))
    ties = Ties(context, reference)
    assert not ties.others_moved_along("amount")
    monkeypatch.setattr(_ties, "_Encoder", None)
    assert not ties.others_moved_along("load")
