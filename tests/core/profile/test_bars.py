"""Distributions then and now, of columns whose shares are counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.profile import CategoricalProfile, NumericProfile, TimeProfile
from airmedic_core.profile.bars import compare, compare_values


def numbers(edges: list[float], counts: list[int], least: float, greatest: float) -> NumericProfile:
    rows = sum(counts)
    middle = np.zeros(len(counts))
    return NumericProfile(
        np.array(edges, float), rows, 0, 0, 0, 0, 0, least, greatest, 0.0, 0.0, np.array(counts), middle
    )


def fractions(distribution: Any) -> list[float]:
    return [bar["fraction"] for bar in distribution["bins"]]


def test_numbers_share_their_bars_and_each_side_adds_up_to_one() -> None:
    # Evenly spread from 0 to 100, and from 50 to 150: a tenth of each in each bin of ten.
    edges = [float(edge) for edge in range(10, 150, 10)]
    then = numbers(edges, [10] * 10 + [0] * 5, 0, 100)
    now = numbers(edges, [0] * 5 + [10] * 10, 50, 150)
    old, new = compare(then, now)
    assert old is not None
    assert new is not None
    assert [(bar["from"], bar["to"]) for bar in old["bins"]] == [(bar["from"], bar["to"]) for bar in new["bins"]]
    assert (old["bins"][0]["from"], old["bins"][-1]["to"]) == (None, None)
    assert sum(fractions(old)) == pytest.approx(1, abs=1e-3)
    assert sum(fractions(new)) == pytest.approx(1, abs=1e-3)
    below_fifty = [bar["fraction"] for bar in new["bins"] if bar["to"] is not None and bar["to"] <= 50]
    assert below_fifty
    assert sum(below_fifty) == 0
    # The outermost bars begin where one per cent of one side is: at 1 and at 149.
    assert (old["bins"][0]["to"], old["bins"][-1]["from"]) == (1, 149)
    assert (old["bins"][0]["fraction"], new["bins"][-1]["fraction"]) == (0.01, 0.01)


def test_one_value_has_two_bars() -> None:
    then = numbers([1.0, 2.0], [0, 5, 0], 2, 2)
    old, new = compare(then, None)
    assert new is None
    assert old is not None
    assert [(bar["from"], bar["to"]) for bar in old["bins"]] == [(None, 2), (2, None)]
    assert sum(fractions(old)) == 1


def test_categories_that_matter_on_either_side_are_shown() -> None:
    names = tuple(f"c{index:02}" for index in range(20))
    then = CategoricalProfile(names, 210, 0, np.arange(20, 0, -1), 0, 0)
    now = CategoricalProfile(names, 110, 10, np.array([0] * 19 + [60]), 20, 20)
    old, new = compare(then, now)
    assert old is not None
    assert new is not None
    assert [bar["label"] for bar in new["bins"]][:3] == [
        "c19",
        "other values",
        "values that the reference does not know",
    ]
    assert fractions(new)[:4] == [0.6, 0.2, 0.2, 0.0]
    assert old["bins"][0] == {"label": "c19", "fraction": pytest.approx(1 / 210, abs=1e-6)}
    assert len(old["bins"]) == len(new["bins"]) == 12


@pytest.mark.parametrize(
    ("then", "now"),
    [
        (None, None),
        (TimeProfile(3, 0), TimeProfile(3, 0)),
        (numbers([1.0], [0, 0], 0, 0), None),
        (CategoricalProfile.without_values(("a",), 4), None),
        (numbers([1.0], [1, 1], 0, 2), CategoricalProfile.without_values(("a",), 4)),
    ],
)
def test_what_cannot_be_compared_is_left_out(then: Any, now: Any) -> None:
    assert compare(then, now) == (None, None)


def test_values_are_counted_as_profiles_count_them() -> None:
    # Half of the rows at 0 and half at 10, against all at 10: the least and the greatest are cuts, and lie below them.
    old, new = compare_values(pd.Series([0.0, 10.0, np.nan]), pd.Series([10.0, np.inf]))
    assert [bar["fraction"] for bar in old["bins"] if bar["fraction"]] == [0.5, 0.5]
    assert [bar["fraction"] for bar in new["bins"] if bar["fraction"]] == [1.0]


def test_rare_categories_are_summed_up_on_both_sides() -> None:
    many = pd.Series([f"c{place}" for place in range(30)])
    old, new = compare_values(many, pd.Series(["c0"] * 3))
    assert [bar["label"] for bar in old["bins"]] == [bar["label"] for bar in new["bins"]]
    # Twelve of thirty have a bar of their own.
    assert old["bins"][-1] == {"label": "other values", "fraction": 0.6}
    assert sum(bar["fraction"] for bar in new["bins"]) == 1
