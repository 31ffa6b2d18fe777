"""Times of every kind, as one reader reads them."""

from __future__ import annotations

import pandas as pd
import pytest

from airmedic_core.reading.moments import EPOCH_UNITS, ISO, epoch_of, read_times

NEW_YEAR = pd.Timestamp("2026-01-01", tz="UTC")
SECONDS = 1_767_225_600
"""2026-01-01T00:00:00Z, as ``date -d`` says."""


@pytest.mark.parametrize(("form", "factor"), [("unix", 1), ("unix_ms", 10**3), ("unix_us", 10**6), ("unix_ns", 10**9)])
@pytest.mark.parametrize("kind", ["int64", "float64", "object"])
def test_numbers_that_count_from_1970_are_moments_in_every_unit(form: str, factor: int, kind: str) -> None:
    values = pd.Series([SECONDS * factor])
    written = values.astype(str) if kind == "object" else values.astype(kind)
    assert form in EPOCH_UNITS
    assert read_times(written, form).tolist() == [NEW_YEAR]
    assert epoch_of(values) == form


@pytest.mark.parametrize("values", [[20, 21], [True, False], ["2026-01-01"], [None], [2026, 2025]])
def test_numbers_that_do_not_count_from_1970_are_no_moments(values: list[object]) -> None:
    assert epoch_of(pd.Series(values)) == ""


def test_a_number_is_no_iso_moment() -> None:
    assert read_times(pd.Series([20, 21]), ISO).isna().all()


def test_moments_with_and_without_a_zone_stand_beside_each_other() -> None:
    values = pd.Series(["2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00", None, "soon"])
    assert read_times(values, ISO).tolist() == [NEW_YEAR, NEW_YEAR, pd.NaT, pd.NaT]


def test_a_number_that_lost_its_type_to_a_gap_is_read_by_its_digits() -> None:
    assert read_times(pd.Series([20260101.0, None]), "%Y%m%d").tolist() == [NEW_YEAR, pd.NaT]
