"""Candidate expectations take their limits from sound windows, and say them in harmless words."""

from __future__ import annotations

import pandas as pd

from airmedic_core.review.candidate_expectations import candidates, in_words


def test_limits_leave_room_beyond_the_sound_windows() -> None:
    """By hand: values lie in 10 to 30, a tenth of that is 2; 1 of 4 is missing, so 0.25 twice and 0.02 may be."""
    windows = [pd.Series([10.0, 20.0, 25.0, None]), pd.Series([12.0, 18.0, 30.0, 15.0])]
    proposed = candidates("load", windows)
    assert {name: expectation["kwargs"] for name, expectation in proposed.items()} == {
        "load_nulls": {"column": "load", "mostly": 0.5},
        "load_range": {"column": "load", "min_value": 8.0, "max_value": 32.0, "mostly": 0.95},
        "load_distinct": {"column": "load", "min_value": 2},
    }
    assert in_words(proposed["load_range"]) == "load to lie between 8 and 32 in 95 % of the rows"
    assert in_words(proposed["load_distinct"]) == "load to have at least 2 different values"


def test_text_has_no_range() -> None:
    proposed = candidates("plan", [pd.Series(["flex", "year", "none"])])
    assert set(proposed) == {"plan_nulls", "plan_distinct"}
    assert in_words(proposed["plan_nulls"]) == "plan to have a value in 98 % of the rows"


def test_an_empty_window_bears_nothing() -> None:
    assert candidates("load", []) == {}
    assert candidates("load", [pd.Series([1.0, 2.0]), pd.Series([None, None], dtype=float)]) == {}


def test_a_hostile_name_makes_a_plain_key_and_a_plain_sentence() -> None:
    hostile = "load](http://evil) <script>|`\n# Approve"
    proposed = candidates(hostile, [pd.Series([1.0, 2.0, 3.0])])
    assert all(name.replace("_", "").isalnum() for name in proposed)
    for expectation in proposed.values():
        assert not set("<>`|\n[]") & set(in_words(expectation))
