"""Columns in another unit, in windows without labels: what is a conversion, and what only looks like one."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from airmedic_core.measures import ties as _ties
from airmedic_core.measures.ties import Ties
from airmedic_core.pair import check_pair
from airmedic_core.pair.pair import compared
from airmedic_core.profile.values import category_codes, category_names
from airmedic_core.records import Cause
from tests.core.checks.shops import SPEC, units


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


def test_a_column_of_lists_hides_no_unit(reference, today):
    cents = today.assign(amount=today["amount"] * 100, country=[[value] for value in today["country"]])
    answer = check_pair(SPEC, reference, cents)
    assert units(answer)["amount"].details["factor"] == pytest.approx(100)
    assert [finding.key for finding in answer.findings if finding.statistic == "error"] == []


def test_nested_categories_count_by_their_text():
    values = pd.Series([["a"], None, ["b"], ["a"], "x"])
    assert category_codes(values, ["['a']", "['b']"]).tolist() == [0, -1, 1, 0, -1]
    assert category_names(values)[[0, 3]].tolist() == ["['a']", "['a']"]


def test_rows_are_encoded_once_for_the_ties_of_all_columns(reference, today, monkeypatch):
    context = compared(SPEC, reference, today, datetime.now(UTC))
    ties = Ties(context, reference)
    assert not ties.others_moved_along("amount")
    monkeypatch.setattr(_ties, "_Encoder", None)
    assert not ties.others_moved_along("load")
