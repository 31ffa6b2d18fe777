"""The suite that a reference suggests: whether a column ends at zero is no matter of chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks.quality.proposed_suite import propose_suite
from airmedic_core.profile import build_reference
from airmedic_core.spec import parse_spec

SPEC = parse_spec(
    {
        "name": "orders",
        "task": "binary",
        "target": "returned",
        "data": {"path": "orders.csv", "time_column": "at"},
        "features": {"numeric": ["price"]},
    }
)

Drawn = Callable[[np.random.Generator, int], np.ndarray]


def ends_at_zero(values: np.ndarray) -> bool:
    """Return whether the proposal has zero as the lower bound of a column of these values."""
    assert values.min() > 0
    times = pd.date_range("2026-01-01", periods=len(values), freq="min", tz="UTC")
    suite = propose_suite(build_reference(SPEC, pd.DataFrame({"at": times, "price": values})))
    (bound,) = [
        expectation["kwargs"]["min_value"]
        for expectation in suite["expectations"]
        if expectation["type"] == "expect_column_values_to_be_between"
    ]
    return bool(bound == 0)


@pytest.mark.parametrize("rows", [100, 10_000])
@pytest.mark.parametrize(
    ("drawn", "ends"),
    [
        (lambda rng, rows: rng.normal(14, 2.5, rows), False),
        # A skewness of a quarter: 1.2 times as far up as down.
        (lambda rng, rows: rng.gamma(64, 1, rows), False),
        # ln(50) / (ln(2) - ln(1 / 0.99)) is 5.7.
        (lambda rng, rows: 1 + rng.exponential(20, rows), True),
        # exp(2.326 · 0.8) is 6.4.
        (lambda rng, rows: rng.lognormal(3, 0.8, rows), True),
    ],
    ids=["normal", "gamma", "exponential", "log-normal"],
)
def test_a_hundred_rows_say_as_ten_thousand_do_whether_a_column_ends_at_zero(
    drawn: Drawn, ends: bool, rows: int
) -> None:
    said = [ends_at_zero(drawn(np.random.default_rng(seed), rows)) for seed in range(12)]
    assert said == [ends] * 12


@pytest.mark.parametrize(("sigma", "ends"), [(0.3, False), (0.5, True)])
def test_no_column_that_the_limit_is_explained_by_is_a_toss_of_a_coin(sigma: float, ends: bool) -> None:
    # exp(2.326 · 0.3) is 2.0 and exp(2.326 · 0.5) is 3.2.
    said = [ends_at_zero(np.random.default_rng(seed).lognormal(3, sigma, 10_000)) for seed in range(8)]
    assert said == [ends] * 8
