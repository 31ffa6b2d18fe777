"""Inputs as bins. Expected bins are counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from airmedic_core.inputs import Inputs
from airmedic_core.pair.coded_inputs import CodedInputs


def test_numbers_are_binned_by_size_and_missing_ones_have_a_bin_of_their_own() -> None:
    rows = pd.DataFrame({"a": [3.0, 1.0, 2.0, np.nan, 2.0]})
    coded = CodedInputs.cut(Inputs.of(["a"], []), rows, np.zeros((1, 5)))
    assert coded.codes(rows).tolist() == [[3, 1, 2, 0, 2]]
    assert coded.codes(pd.DataFrame({"a": [-9.0, 1.4, 1.6, 99.0]})).tolist() == [[1, 1, 2, 3]]


def test_bins_of_many_values_hold_about_as_many_rows() -> None:
    rows = pd.DataFrame({"a": np.random.default_rng(0).lognormal(size=6400)})
    coded = CodedInputs.cut(Inputs.of(["a"], []), rows, np.zeros((1, 6400)))
    counts = np.bincount(coded.codes(rows)[0])
    assert counts[0] == 0
    assert counts[1:].tolist() == [101, *[100] * 62, 99]


def test_categories_lie_in_the_order_of_the_target_and_new_ones_are_missing() -> None:
    rows = pd.DataFrame({"kind": ["low"] * 30 + ["high"] * 30 + ["middle"] * 30 + [np.nan]})
    truth = np.array([[0.0] * 30 + [9.0] * 30 + [5.0] * 30 + [5.0]])
    coded = CodedInputs.cut(Inputs.of([], ["kind"]), rows, truth)
    asked = pd.DataFrame({"kind": ["low", "middle", "high", "new", None]}, dtype=object)
    assert coded.codes(asked).tolist() == [[1, 2, 3, 0, 0]]


def test_a_category_of_one_row_is_not_placed_at_an_extreme() -> None:
    """With 20 rows at the mean of the target beside its own, one row of 9 counts as (20 · 4.59 + 9) / 21, 4.8."""
    rows = pd.DataFrame({"kind": ["low"] * 30 + ["high"] * 30 + ["once"]})
    coded = CodedInputs.cut(Inputs.of([], ["kind"]), rows, np.array([[0.0] * 30 + [9.0] * 30 + [10.0]]))
    assert coded.codes(pd.DataFrame({"kind": ["low", "once", "high"]})).tolist() == [[1, 2, 3]]


def test_categories_of_several_classes_lie_along_their_main_difference() -> None:
    """Three kinds whose rows are of class 0 always, in half of the rows, or never: the middle lies between."""
    rows = pd.DataFrame({"kind": ["always"] * 40 + ["half"] * 40 + ["never"] * 40})
    first = np.array([1.0] * 40 + [1.0, 0.0] * 20 + [0.0] * 40)
    second = (1 - first) * (np.arange(120) % 4 < 2)
    coded = CodedInputs.cut(Inputs.of([], ["kind"]), rows, np.stack([first, second, 1 - first - second]))
    codes = coded.codes(pd.DataFrame({"kind": ["always", "half", "never"]}))[0].tolist()
    assert codes in ([1, 2, 3], [3, 2, 1])
