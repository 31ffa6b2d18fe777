"""Rows of one group in another unit, and groups that only look like it."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks.units.conversions import known_maps
from airmedic_core.checks.units.converted_groups import Groups, converted_group
from airmedic_core.comparison import CheckContext
from airmedic_core.pair import check_pair
from airmedic_core.pair.pair import compared
from airmedic_core.records import Cause
from airmedic_core.spec import parse_spec
from tests.core.checks.shops import SPEC, units


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
