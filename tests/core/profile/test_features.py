import numpy as np
import pandas as pd
import pytest

from airmedic_core.errors import MissingColumnError
from airmedic_core.profile import choose_features, infer_features

from .conftest import a_spec, hotel_spec

ROWS = 200


@pytest.fixture
def frame():
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "day": pd.date_range("2026-01-01", periods=ROWS, tz="UTC"),
            "left": generator.integers(0, 2, ROWS),
            "age": generator.normal(40, 9, ROWS),
            "price": generator.normal(40, 9, ROWS).round(2).astype(str),
            "plan": generator.choice(["a", "b"], ROWS),
            "pro": generator.random(ROWS) < 0.5,
            "row": np.arange(ROWS),
            "customer_id": generator.permutation(10 * ROWS)[:ROWS],
            "token": [f"{number:x}-{number * 7919:x}" for number in range(ROWS)],
            "note": [f"called {number * 3 // 4} times" for number in range(ROWS)],
            "signed_on": pd.date_range("2025-01-01", periods=ROWS).astype(str),
            "tags": [[1]] * ROWS,
            "nothing": [None] * ROWS,
            "mostly": [*range(3)] * (ROWS // 3) + ["x", "y"],
        }
    )


def test_types_decide_and_reasons_are_given(frame):
    features = choose_features(a_spec(features={}), frame)
    assert features.numeric == ("age", "price")
    assert set(features.categorical) == {"plan", "pro", "mostly"}
    assert features.left_out["row"] == "it is an identifier: every row has its own value"
    assert features.left_out["customer_id"] == features.left_out["row"]
    assert "an identifier: 200 different values" in features.left_out["token"]
    assert "free text: 150 different values" in features.left_out["note"]
    assert features.left_out["signed_on"] == "it holds moments, as text"
    assert features.left_out["tags"] == "it holds lists or mappings"
    assert features.left_out["nothing"] == "it holds no values"


def test_time_target_and_excluded_columns_are_never_features(frame):
    numeric, categorical = infer_features(a_spec(features={}, exclude=["age"]), frame)
    assert not {"day", "left", "age"} & {*numeric, *categorical}


def test_a_list_that_is_given_is_taken_as_it_is(frame):
    features = choose_features(a_spec(features={"numeric": ["row"], "categorical": ["pro", "customer_id"]}), frame)
    assert (features.numeric, features.categorical) == (("row",), ("pro", "customer_id"))
    assert features.left_out["age"] == "the spec lists the numeric features without it"


def test_the_other_list_is_inferred_from_what_remains(frame):
    features = choose_features(a_spec(features={"categorical": ["row"]}), frame)
    assert features.categorical == ("row",)
    assert features.numeric == ("age", "price")


def test_a_feature_that_is_not_there_is_answered_with_the_closest(frame):
    with pytest.raises(MissingColumnError, match=r"the feature 'agee', .*Did you mean 'age'"):
        choose_features(a_spec(features={"numeric": ["agee"]}), frame)


def test_the_features_of_real_bookings(hotel_rows):
    features = choose_features(hotel_spec(), hotel_rows)
    assert {"lead_time", "adr", "adults", "agent"} <= set(features.numeric)
    assert {"hotel", "meal", "market_segment", "customer_type"} <= set(features.categorical)
    assert set(features.left_out) == {"booking_date", "arrival_date_year"}
