from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airmedic_core.diagnose.wording import counted, day, listed, measure_name, number, plain, prose, sentence
from airmedic_core.extras import missing_library


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.4, "fraction", "40 %"),
        (0.8412, "", "0.8412"),
        (1234567.0, "rows", "1,234,567 rows"),
        (0.00001234, "", "1.23e-05"),
        (None, "", "none"),
        (1800.0, "ms", "1,800 ms"),
    ],
)
def test_numbers_read_well(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_sentences_keep_names_as_they_are_written() -> None:
    assert sentence("log loss is 3") == "Log loss is 3."
    assert sentence("null fraction is 3.") == "Null fraction is 3."
    assert sentence("lead_time moved") == "lead_time moved."
    assert sentence("") == ""


def test_lists_counts_and_days() -> None:
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more"
    assert counted(1, "window") == "1 window"
    assert counted(2, "piece") == "2 pieces"
    assert day(datetime(2026, 3, 1, 6, tzinfo=UTC)) == "2026-03-01 06:00"
    assert measure_name("null_fraction") == "null fraction"


def test_what_to_install_keeps_its_brackets_and_nothing_else_does() -> None:
    said = str(missing_library("great_expectations"))
    assert plain(said, 200) == "Great Expectations is not installed. Install it: pip install airmedic[quality]"
    assert (
        prose(f"{said} [E3]") == "Great Expectations is not installed. Install it: pip install airmedic[quality] [E3]"
    )
    assert plain("airmedic[quality](https://example.com)") == "airmedic quality (https:example.com)"
    assert plain("airmedic[quality]\u200b[1]") == "airmedic[quality] 1"
    assert plain("[quality]") == "quality"
