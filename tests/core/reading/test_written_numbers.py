"""Numbers as people write them, in csv files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from airmedic_core.reading import read_rows
from airmedic_core.reading.written_numbers import as_numbers
from airmedic_core.sources import iter_window
from airmedic_core.spec import parse_spec


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        (["12,345", "999", None], [12345.0, 999.0, None]),
        (["12,345.5", "-1,000,000"], [12345.5, -1e6]),
        (["3,14", "0,5"], [3.14, 0.5]),
        # A group of thousands does not begin with a zero.
        (["0,512", "0,250"], [0.512, 0.25]),
        (["1.234,5", "7"], [1234.5, 7.0]),
        (["$1,200", "-$30", "€5"], [1200.0, -30.0, 5.0]),
        (["45 %", "7%"], [45.0, 7.0]),
    ],
)
def test_numbers_are_read(written: list, numbers: list) -> None:
    assert as_numbers(pa.array(written, pa.string())).to_pylist() == numbers


@pytest.mark.parametrize(
    "written", [["1,2,3"], ["12,345", "none"], ["1,234.5", "1.234,5"], ["2026-01-01"], ["a"], ["1,23,456"], [None]]
)
def test_what_may_be_something_else_stays_text(written: list) -> None:
    assert as_numbers(pa.array(written, pa.string())).to_pylist() == written


def test_a_file_is_read_alike_whole_and_in_parts(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('at,price,day\n2026-01-01,"12,345",x\n2026-01-02,"1,000.5",y\n')
    data = {"path": str(tmp_path / "rows.csv"), "time_column": "at"}
    spec = parse_spec({"name": "m", "task": "regression", "target": "price", "data": data})
    streamed = pa.Table.from_batches(list(iter_window(spec, None)))
    assert read_rows(data["path"])["price"].tolist() == streamed["price"].to_pylist() == [12345.0, 1000.5]
