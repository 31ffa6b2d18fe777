from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import MissingColumnError
from airmedic_core.inputs import Inputs


def test_numbers_become_floats_and_what_is_not_one_is_missing() -> None:
    frame = pd.DataFrame({"a": ["1", "x", None, "2.5"], "b": [1, 2, 3, 4], "c": [1.0, np.inf, -np.inf, np.nan]})
    prepared = Inputs.of(["a", "b", "c"], []).prepare(frame)
    assert prepared["a"].tolist() == pytest.approx([1, np.nan, np.nan, 2.5], nan_ok=True)
    assert prepared["b"].dtype == "float64"
    assert prepared["c"].isna().tolist() == [False, True, True, True]


def test_a_category_is_the_same_text_however_it_was_read() -> None:
    whole = Inputs.of([], ["a"]).prepare(pd.DataFrame({"a": [9, 10]}))["a"].tolist()
    with_gap = Inputs.of([], ["a"]).prepare(pd.DataFrame({"a": [9.0, 10.0, None]}))["a"].tolist()
    assert whole == ["9", "10"] == with_gap[:2]
    assert Inputs.of([], ["a"]).prepare(pd.DataFrame({"a": [0.5, 1.0]}))["a"].tolist() == ["0.5", "1.0"]
    assert Inputs.of([], ["a"]).prepare(pd.DataFrame({"a": [True, False]}))["a"].tolist() == ["True", "False"]


def test_a_category_that_is_missing_everywhere_stays_one() -> None:
    prepared = Inputs.of([], ["a"]).prepare(pd.DataFrame({"a": [None, None]}))
    assert prepared["a"].dtype == object
    assert prepared["a"].isna().all()


def test_columns_come_in_the_models_order_and_others_are_left_out() -> None:
    inputs = Inputs((("b", "category"), ("a", "number"), ("c", "unchanged")))
    prepared = inputs.prepare(pd.DataFrame({"a": [1], "b": ["x"], "c": [{"k": 1}], "d": [0]}))
    assert list(prepared) == ["b", "a", "c"]
    assert prepared["c"].iloc[0] == {"k": 1}


def test_a_missing_column_is_named_with_the_closest() -> None:
    with pytest.raises(MissingColumnError, match=r"'usage'.*Did you mean 'usag'"):
        Inputs.of(["usage"], []).prepare(pd.DataFrame({"usag": [1]}))
