from __future__ import annotations

import pytest

from airmedic_core.reports.text import code, duration, line, number, page, prose, table


def test_text_is_one_bounded_line() -> None:
    assert line("a\n\x1b[31m b\u202e\tc") == "a [31m b c"
    assert line("abcdef", 4) == "abc…"


@pytest.mark.parametrize("hidden", ["\u061c", "\u00ad", "\U000e0041", "\U000e0100", "\u206a"])
def test_nothing_that_cannot_be_seen_is_left(hidden: str) -> None:
    """A mark of direction, a soft hyphen, and tag characters, which can hold a sentence for a machine alone."""
    assert line(f"pay{hidden}{hidden}load") == "pay load"


def test_prose_holds_no_markup() -> None:
    assert prose("![x](http://evil) <b> `c` | *d*") == "!\\[x\\](http:&#47;/evil) &lt;b&gt; \\`c\\` \\| \\*d\\*"


def test_code_cannot_be_left() -> None:
    assert code("a`b|c<d>") == "`a'b\\|c‹d›`"
    assert code("") == ""


def test_html_is_escaped_in_text_and_attributes() -> None:
    assert page("<a href='x'>\"") == "&lt;a href=&#x27;x&#x27;&gt;&quot;"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "", "–"),
        (0.123456, "", "0.1235"),
        (12_345.6, "rows", "12,346 rows"),
        (3.0, "", "3"),
        (-0.5, "%", "-0.5 %"),
    ],
)
def test_numbers_have_four_digits(value: float | None, unit: str, shown: str) -> None:
    assert number(value, unit) == shown


def test_numbers_that_are_not_finite_are_shown_as_such() -> None:
    assert [number(float("inf")), number(float("nan"))] == ["inf", "nan"]


@pytest.mark.parametrize(("seconds", "shown"), [(0.25, "0.25 s"), (600, "10 min"), (9000, "2.5 h")])
def test_durations_are_said_as_people_say_them(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_table_without_rows_is_nothing() -> None:
    assert table(("a",), []) == ""
