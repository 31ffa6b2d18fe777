"""Columns read as categories."""

import numpy as np
import pandas as pd

from airmedic_core.profile.values import category_codes, category_counts, category_names


def test_arrays_have_the_name_under_which_they_are_counted():
    # Rows that come from Arrow hold lists as arrays, which read otherwise than lists do.
    values = pd.Series([np.array(["a", "b"]), None, np.array(["a", "b"])])
    counts, missing = category_counts(values)
    assert (counts, missing) == ({"['a' 'b']": 2}, 1)
    assert category_names(values).tolist() == ["['a' 'b']", "", "['a' 'b']"]
    assert category_codes(values, list(counts)).tolist() == [0, -1, 0]


def test_a_value_without_a_place_among_the_known_has_none():
    values = pd.Series(["web", "fax", None, 1.0])
    assert category_codes(values, ["1", "web"]).tolist() == [1, -1, -1, 0]
