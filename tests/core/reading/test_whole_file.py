"""The rows of a file as they are, for the commands that are given files, and by the reader that sources use."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airmedic_core.errors import SourceError
from airmedic_core.reading import Writing, read_rows
from airmedic_core.sources import read_window
from airmedic_core.spec import parse_spec

SPEC = {"name": "m", "task": "binary", "target": "y", "data": {"path": "", "time_column": "at"}}


def test_a_file_is_read_alike_with_and_without_a_window(tmp_path: Path) -> None:
    """Duplicate names, Latin-1, gaps, booleans, large numbers and dates far away."""
    file = tmp_path / "rows.csv"
    text = "at,y,größe,größe,far,on,huge\n2026-01-01,1,a,1,9999-12-31,true,1.8e308\n2026-01-02,,é,2.5,2026-01-05,,2\n"
    file.write_bytes(text.encode("latin-1"))
    data = SPEC["data"] | {"path": str(file), "encoding": "latin-1"}  # type: ignore[operator]
    spec = parse_spec(SPEC | {"data": data})
    windowed, whole = read_window(spec, None), read_rows(str(file), Writing.of(spec))
    assert list(whole.columns) == ["at", "y", "größe", "größe (2)", "far", "on", "huge"]
    pd.testing.assert_frame_equal(windowed.drop(columns="at"), whole.drop(columns="at"))
    assert whole["größe"].tolist() == ["a", "é"]
    assert whole["far"].isna().tolist() == [True, False]
    assert whole["huge"].tolist() == [float("inf"), 2.0]
    assert whole["on"].tolist() == [True, None]


def test_times_that_are_written_by_codes_stay_text_for_who_reads_them(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("at,y\n01012026,1\n")
    spec = parse_spec(SPEC | {"data": {"path": "x.csv", "time_column": "at", "time_format": "%d%m%Y"}})
    assert read_rows(str(tmp_path / "rows.csv"), Writing.of(spec))["at"].tolist() == ["01012026"]
    assert read_rows(str(tmp_path / "rows.csv"))["at"].tolist() == [1012026]


def test_types_of_parquet_are_those_that_models_are_made_for(tmp_path: Path) -> None:
    table = pa.table(
        {
            "price": pa.array(["1.50", None]).cast(pa.decimal128(10, 2)),
            "took": pa.array([90_000, None], pa.duration("ms")),
            "plan": pa.array(["a", "b"]).dictionary_encode(),
            "at_noon": pa.array([43_200, None], pa.time32("s")),
            "until": pa.array([253_402_214_400, 1_767_225_600], pa.timestamp("s", tz="Europe/Berlin")),
        }
    )
    pq.write_table(table, tmp_path / "rows.parquet")
    frame = read_rows(str(tmp_path / "rows.parquet"))
    assert frame["price"].iloc[0] == 1.5
    assert frame["took"].iloc[0] == 90.0
    assert frame["plan"].tolist() == ["a", "b"]
    assert frame["at_noon"].iloc[0] == "12:00:00.000"
    # The 31st of December 9999, and the first of January 2026.
    assert frame["until"].isna().tolist() == [True, False]


@pytest.mark.parametrize("name", ["data[1].csv", "data*.csv"])
def test_a_name_may_look_like_a_pattern_or_be_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "data[1].csv").write_text("a\n1\n")
    assert read_rows(str(tmp_path / name))["a"].tolist() == [1]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.csv", None, r"There is no file"),
        ("rows.csv", b"", r"rows\.csv' cannot be read: Empty CSV file"),
        ("rows.csv", "größe\n1\n".encode("latin-1"), r"is in another encoding: .*Set data\.encoding"),
        ("rows.parquet", b"a,b\n", r"rows\.parquet' cannot be read"),
        ("rows.xlsx", b"a,b\n", r"neither csv nor parquet by its name"),
    ],
)
def test_what_cannot_be_read_says_so(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=says):
        read_rows(str(tmp_path / name))
