"""Which names belong to which format of files."""

from __future__ import annotations

import pytest

from airmedic_core.errors import SourceError
from airmedic_core.reading.formats import Csv, Parquet, format_of, is_data


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rows.csv", Csv),
        ("s3://bucket/2026-03/rows.TSV.gz", Csv),
        ("rows.v2.txt.bz2", Csv),
        ("rows.parquet", Parquet),
        ("rows.csv.pq", Parquet),
    ],
)
def test_the_last_ending_that_is_no_compression_tells_the_format(name: str, kind: type) -> None:
    assert isinstance(format_of(name), kind)
    assert is_data(name)


@pytest.mark.parametrize("name", ["rows", "rows.gz", "rows.xlsx", "csv"])
def test_a_name_without_a_known_ending_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="neither csv nor parquet by its name"):
        format_of(name)
    assert not is_data(name)


@pytest.mark.parametrize("name", ["_SUCCESS", "_metadata.parquet", ".part-0.csv.crc"])
def test_what_a_program_leaves_beside_its_rows_is_passed_over(name: str) -> None:
    assert not is_data(f"/data/{name}")
