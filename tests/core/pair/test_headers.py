from __future__ import annotations

import pandas as pd
import pytest

from airmedic_core.errors import MissingColumnError, SourceError
from airmedic_core.pair import check_pair
from airmedic_core.pair.headers import refuse_strangers
from airmedic_core.spec import parse_spec


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("abcdefg", "xy", "reference: 'a', 'b', 'c', 'd', 'e', …. Those in question: 'x', 'y'. Check that both belong"),
        (["At", "Price"], ["at", "price "], "apart: 'At' and 'at', 'Price' and 'price '. Write them alike."),
        (["at", "price"], ["at;price"], "The current file looks separated by semicolons: write it with commas"),
        (["at\tprice"], ["at", "price"], "The reference looks separated by tabs"),
        (["x" * 500], ["y"], f"'{'x' * 39}…'"),
    ],
)
def test_rows_without_a_column_in_common_say_what_they_look_like(before: list[str], now: list[str], said: str) -> None:
    with pytest.raises(SourceError, match="no column in common") as caught:
        refuse_strangers(before, now)
    assert said in str(caught.value)


def test_one_column_in_common_is_enough() -> None:
    refuse_strangers(["at", "a;b"], ["at"])


def test_two_files_that_were_both_read_as_one_column_say_so() -> None:
    spec = parse_spec({"name": "m", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"}})
    rows = pd.DataFrame({"at;x;y": ["2026-01-01;1;0"]})
    with pytest.raises(MissingColumnError, match="looks separated by semicolons"):
        check_pair(spec, rows, rows)
    with pytest.raises(SourceError, match=r"'at', 'x'.*looks separated"):
        check_pair(spec, pd.DataFrame({"at": ["2026-01-01"], "x": [1]}), rows)
