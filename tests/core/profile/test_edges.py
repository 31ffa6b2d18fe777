import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from airmedic_core.profile import Categories, Edges
from airmedic_core.profile.edges import KNOWN_CATEGORIES, QUANTILES, TOP_CATEGORIES, cut_points

from .conftest import a_spec


@given(arrays(float, st.integers(0, 300), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_cut_points_ascend_whatever_the_values(values):
    cuts = cut_points(values)
    assert np.isfinite(cuts).all()
    assert (np.diff(cuts) > 0).all()


def test_few_distinct_values_have_a_bin_each():
    values = np.array([0, 1, 2, 5] * 50, float)
    position = np.searchsorted(cut_points(values), [0, 1, 2, 5])
    assert len(set(position.tolist())) == 4


def test_many_values_fall_into_bins_of_equal_mass():
    values = np.random.default_rng(0).lognormal(0, 2, 120_000)
    counts = np.bincount(np.searchsorted(cut_points(values), values))
    assert counts.max() <= 120_000 // QUANTILES + 1


def test_steps_beyond_the_extremes_measure_what_the_reference_never_saw():
    cuts = cut_points(np.random.default_rng(0).normal(0, 1, 10_000))
    assert cuts[0] < -100
    assert cuts[-1] > 100


@pytest.mark.parametrize("values", [[], [np.nan], [np.inf, -np.inf]])
def test_without_finite_values_there_are_no_edges(values):
    assert len(cut_points(np.array(values, float))) == 0


def test_a_constant_has_a_bin_of_its_own():
    position = np.searchsorted(cut_points(np.full(10, 7.0)), [6.999, 7.0, 7.001])
    assert len(set(position.tolist())) == 3


def test_categories_are_ranked_by_rows_then_by_name():
    categories = Categories.from_counts({"b": 2, "a": 2, "c": 9}, top=2)
    assert (categories.top, categories.rest, categories.complete) == (("c", "a"), ("b",), True)


def test_a_huge_vocabulary_is_bounded_and_says_so():
    categories = Categories.from_counts({f"{number:06}": 1 for number in range(KNOWN_CATEGORIES + 1)})
    assert len(categories.top) == TOP_CATEGORIES
    assert len(categories.top) + len(categories.rest) == KNOWN_CATEGORIES
    assert not categories.complete


def test_every_watched_column_has_edges(edges):
    assert set(edges.numeric) == {"age", "spend", "visits", "text_number"}
    assert set(edges.categorical) == {"plan", "pro", "tier"}
    assert edges.time == ("day",)
    assert edges.segments == {"plan": ("basic", "pro", "max")}
    assert edges.scores is not None


def test_equal_rows_have_equal_edges(reference_rows, edges):
    other = Edges.from_frame(a_spec(), reference_rows, np.random.default_rng(1).random(len(reference_rows)))
    assert other.id == edges.id
