"""Against Evidently 0.7.23 itself, on the same raw values."""

import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from airmedic_core.profile.evidently_defaults import evidently_default, evidently_jensen_shannon, evidently_psi

COLUMNS = {
    "normal": lambda g, n: g.normal(0, 1, n),
    "shifted": lambda g, n: g.normal(0.4, 1.2, n),
    "outlier": lambda g, n: np.append(g.normal(1, 1, n - 1), 1e6),
    "counts": lambda g, n: g.poisson(2, n).astype(float),
    "ones": lambda g, n: g.integers(0, 2, n).astype(float),
    "three": lambda g, n: g.integers(0, 3, n).astype(float),
    "nulls": lambda g, n: np.where(g.random(n) < 0.3, np.nan, g.normal(0, 1, n)),
    "plans": lambda g, n: g.choice(["a", "b", "c", "d"], n, p=[0.6, 0.3, 0.099, 0.001]),
    "others": lambda g, n: g.choice(["a", "b", "e"], n, p=[0.2, 0.5, 0.3]),
    "yes": lambda g, n: g.choice(["yes", "no"], n, p=[0.35, 0.65]),
}
NUMBERS = ["normal", "shifted", "outlier", "counts", "ones", "three", "nulls"]
PAIRS = [
    *[(first, second, True) for first in NUMBERS for second in NUMBERS],
    *[(first, second, False) for first in ("plans", "others") for second in ("plans", "others")],
    ("yes", "yes", False),
]


@pytest.fixture(scope="module")
def evidently():
    """Evidently's own functions by test name, as (value, drifted) of two columns with its default threshold."""
    if find_spec("evidently") is None:
        pytest.skip("Evidently does not import on pandas 3, and is not installed beside it.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently.legacy.calculations.stattests import registry
        from evidently.legacy.core import ColumnType

    def run(name, reference, current, numeric):
        kind = ColumnType.Numerical if numeric else ColumnType.Categorical
        first, second = (pd.Series(values).dropna() for values in (reference, current))
        test = registry.get_stattest(first, second, kind, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = test(first, second, kind, threshold=None)
        return test.name, result.drift_score, result.drifted

    return run


def columns(first, second, rows):
    return COLUMNS[first](np.random.default_rng(0), rows), COLUMNS[second](np.random.default_rng(1), rows + 100)


@pytest.mark.parametrize(("first", "second", "numeric"), PAIRS)
@pytest.mark.parametrize("rows", [300, 3000])
def test_psi_is_evidently_s(evidently, first, second, numeric, rows):
    reference, current = columns(first, second, rows)
    _, expected, _ = evidently("psi", reference, current, numeric)
    assert evidently_psi(reference, current, numeric=numeric) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("first", "second", "numeric"), PAIRS)
@pytest.mark.parametrize("rows", [300, 3000])
def test_jensen_shannon_is_evidently_s(evidently, first, second, numeric, rows):
    reference, current = columns(first, second, rows)
    _, expected, _ = evidently("jensenshannon", reference, current, numeric)
    assert evidently_jensen_shannon(reference, current, numeric=numeric) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("first", "second", "numeric"), PAIRS)
@pytest.mark.parametrize("rows", [300, 3000])
def test_the_default_verdict_is_evidently_s(evidently, first, second, numeric, rows):
    reference, current = columns(first, second, rows)
    name, expected, drifted = evidently(None, reference, current, numeric)
    verdict = evidently_default(reference, current, numeric=numeric)
    assert verdict.test == name
    assert verdict.value == pytest.approx(expected, abs=1e-9)
    assert verdict.drifted == drifted


def test_one_outlier_hides_a_shift_from_these_bins():
    # Measured on Evidently 0.7.23: the shift that scores above 0.5 without the outlier scores almost nothing with it.
    generator = np.random.default_rng(0)
    reference, current = generator.normal(0, 1, 3000), generator.normal(1, 1, 3000)
    assert evidently_psi(reference, current, numeric=True) > 0.5
    assert evidently_psi(reference, np.append(current, 1e6), numeric=True) < 0.01


@pytest.mark.parametrize("numeric", [True, False])
def test_a_column_without_values_has_no_verdict_where_evidently_raises(numeric):
    verdict = evidently_default([1.0, 2.0], [None, None], numeric=numeric)
    assert np.isnan(verdict.value)
    assert not verdict.drifted
    assert np.isnan(evidently_psi([None], [1.0], numeric=numeric))
