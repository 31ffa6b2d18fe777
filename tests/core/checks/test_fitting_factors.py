"""Which factors explain a converted column, and what is said of them."""

import numpy as np
import pytest

from airmedic_core.checks.units.conversions import Map, known_maps
from airmedic_core.checks.units.converted_rows import Cumulative
from airmedic_core.checks.units.fitting_factors import fitting_factors
from airmedic_core.pair import check_pair
from airmedic_core.profile import Edges, build_profile
from tests.core.checks.shops import SPEC, units


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
