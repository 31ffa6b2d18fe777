from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from airmedic_core.columns import ColumnType, category_name, column_type, column_types, is_text


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], ColumnType.INTEGER),
        ([1.0, None, 2.0], ColumnType.INTEGER),
        ([1.5, None], ColumnType.NUMBER),
        ([1.0, 2.0], ColumnType.NUMBER),
        ([np.inf, None], ColumnType.NUMBER),
        ([Decimal("1.5")], ColumnType.NUMBER),
        ([True, False], ColumnType.BOOLEAN),
        ([True, None], ColumnType.BOOLEAN),
        (["a", None], ColumnType.TEXT),
        (pd.Series(["a", "b"], dtype="category"), ColumnType.TEXT),
        (pd.Series([1, None], dtype="Int64"), ColumnType.INTEGER),
        (pd.to_datetime(["2026-01-01"]), ColumnType.TIME),
        ([[1], [2]], ColumnType.NESTED),
        ([{"a": 1}, None], ColumnType.NESTED),
        (["a", 1], ColumnType.MIXED),
        ([None, None], ColumnType.EMPTY),
        ([float("nan")], ColumnType.EMPTY),
        ([], ColumnType.EMPTY),
    ],
)
def test_types_are_recognised(values, kind):
    assert column_type(pd.Series(values)) == kind


def test_columns_of_one_name_are_told_apart_by_position():
    frame = pd.DataFrame([[1, "a"]], columns=["x", "y"])
    assert column_types(frame) == {"x": ColumnType.INTEGER, "y": ColumnType.TEXT}


@pytest.mark.parametrize(
    ("value", "name"),
    [(1, "1"), (1.0, "1"), ("1", "1"), (1.5, "1.5"), (True, "True"), (np.bool_(0), "False"), ("", "")],
)
def test_equal_categories_have_one_name(value, name):
    assert category_name(value) == name


def test_text_is_text_in_the_type_of_any_pandas() -> None:
    # pandas 3 reads text as its own type where pandas 2 keeps objects.
    for kind in (object, "string"):
        assert is_text(pd.Series(["a", None], dtype=kind))
    assert not is_text(pd.Series([1.0]))
    assert not is_text(pd.Series(["a"], dtype="category"))
