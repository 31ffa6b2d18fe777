"""What is merely new, and what stands for "missing": by its kind, its share and the window after."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.measures.stand_in_values import is_certain_stand_in, is_stand_in, is_typical_number
from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Finding, Verdict
from airmedic_core.spec import parse_spec

DAYS, ROWS = 20, 1000
SPEC = parse_spec(
    {
        "name": "orders",
        "task": "binary",
        "target": "returned",
        "data": {"path": "orders.parquet", "time_column": "at"},
        "features": {"numeric": ["price", "quantity", "weight"], "categorical": ["country"]},
        "window": {"every": "day"},
    }
)


def rows(seed: int, days: int, first_day: int = 0) -> pd.DataFrame:
    """Draw days of orders of a few prices, up to nine at a time."""
    rng = np.random.default_rng(seed)
    n = ROWS * days
    day = np.repeat(np.arange(days), ROWS) + first_day
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2025-03-03", tz="UTC")
            + pd.to_timedelta(day * 86_400 + rng.integers(0, 86_400, n), "s"),
            "price": rng.choice([9.0, 19.0, 29.0, 49.0, 99.0], n),
            "quantity": rng.poisson(2, n).clip(0, 9),
            "weight": rng.normal(70.0, 10.0, n).round(1).clip(40.0, 100.0),
            "country": rng.choice(["de", "fr", "gb"], n, p=[0.5, 0.3, 0.2]),
        }
    )
    return frame.sort_values("at", kind="stable").reset_index(drop=True)


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return rows(1, DAYS)


@pytest.fixture(scope="module")
def today() -> pd.DataFrame:
    return rows(2, 1, DAYS)


def with_some(frame: pd.DataFrame, column: str, value: object, every: int) -> pd.DataFrame:
    return frame.assign(**{column: frame[column].mask(np.arange(len(frame)) % every == 0, value)})


def stand_ins(answer: PairCheck) -> list[Finding]:
    return [finding for finding in answer.findings if finding.statistic in {"stand_in_fraction", "sentinel_fraction"}]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("country", word) for word in ("NA", "default", "test", "none", "nl")],
        ("price", 149.0),
        ("quantity", 12),
    ],
)
def test_a_new_value_in_a_few_rows_is_news_and_no_fault(reference, today, column, value):
    answer = check_pair(SPEC, reference, with_some(today, column, value, 60))
    assert stand_ins(answer) == []
    assert answer.assessment.cause is Cause.HEALTHY, answer.assessment.headline


@pytest.mark.parametrize("word", ["NA", "default"])
def test_a_word_that_may_mean_something_counts_in_many_rows(reference, today, word):
    answer = check_pair(SPEC, reference, with_some(today, "country", word, 10))
    assert [finding.verdict for finding in stand_ins(answer)] == [Verdict.ALERT]


@pytest.mark.parametrize(("column", "value"), [("country", "n/a"), ("weight", 0.0), ("country", "Unknown")])
def test_what_hardly_means_anything_else_counts_in_a_few_rows(reference, today, column, value):
    answer = check_pair(SPEC, reference, with_some(today, column, value, 60))
    (finding,) = stand_ins(answer)
    # Row 0 and each 60th after it: 17 of 1,000. None was usual, so the limit is that of what was never seen.
    assert (finding.verdict, finding.value) == (Verdict.ALERT, pytest.approx(0.017))
    assert finding.limit == pytest.approx(0.01)
    assert answer.assessment.cause is Cause.DATA_CORRUPTION


@pytest.mark.parametrize(
    ("word", "may_be", "certain"),
    [
        *[(word, True, True) for word in ("unknown", "#N/A", "NaN", "<NA>", "not set", "No data", "", "??", "(null)")],
        *[(word, True, False) for word in ("NA", "none", "-", "Default", "test")],
        *[(word, False, False) for word in ("de", "nancy", "other", "testing")],
    ],
)
def test_words_for_missing(word, may_be, certain):
    assert (is_stand_in(word), is_certain_stand_in(word)) == (may_be, certain)


@pytest.mark.parametrize(
    ("value", "least", "typical"),
    [
        (0.0, 1.0, True), (0.0, -5.0, False), (-1.0, 0.0, True), (-1.0, -5.0, False), (-999.0, -5.0, True),
        (9999.0, 0.0, True), (999.9, 0.0, True), (99.0, 0.0, False), (149.0, 9.0, False), (1e6, 0.0, True),
        (1e9, 0.0, True), (1e5, 0.0, False), (65535.0, 0.0, True), (-32768.0, -5.0, True), (2147483647.0, 0.0, True),
        (float(2**63 - 1), 0.0, True), (255.0, 0.0, False), (2e6, 0.0, False),
    ],
)  # fmt: skip
def test_numbers_that_programs_write_for_missing(value, least, typical):
    assert is_typical_number(value, least=least) is typical


def incomes(seed: int, days: int, first_day: int = 0) -> pd.DataFrame:
    """Draw days of orders of customers whose incomes reach from 6,000 to a million."""
    frame = rows(seed, days, first_day)
    income = np.exp(np.random.default_rng(seed + 10).normal(11.0, 0.6, len(frame)))
    return frame.assign(price=income.round(-2).clip(6000.0))


@pytest.mark.parametrize(("value", "cause"), [(-9999.0, Cause.DATA_CORRUPTION), (0.0, Cause.DATA_CORRUPTION)])
def test_a_code_on_the_short_side_of_a_long_tail_is_told_by_how_close_the_others_lie(value, cause):
    """A tenth of the range, 100,000 and more, lies above the codes that programs write."""
    answer = check_pair(SPEC, incomes(1, DAYS), with_some(incomes(2, 1, DAYS), "price", value, 15))

    assert answer.assessment.cause is cause
    [code] = [finding for finding in stand_ins(answer) if finding.verdict is Verdict.ALERT]
    assert code.value == pytest.approx(1 / 15, abs=0.01)


def test_the_next_number_of_a_count_is_no_code(reference, today):
    """Counts from 1 to 61: some zeros are the next count, and lie no farther away than counts do."""
    counted, now = (frame.assign(weight=frame["weight"].round() - 39.0) for frame in (reference, today))
    answer = check_pair(SPEC, counted, with_some(now, "weight", 0.0, 8))

    assert not [finding for finding in stand_ins(answer) if finding.verdict is Verdict.ALERT]


def with_clock(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(quantity=frame["at"].dt.hour, weight=frame["at"].dt.day)


def test_a_zero_against_the_time_of_its_row_is_a_stand_in_and_the_next_days_are_none(reference, today):
    """Hours from 0 to 23, of which a tenth reads 0; days from the 3rd to the 22nd, of which the 23rd is the next."""
    known, now = with_clock(reference), with_clock(today)
    fine, broken = (check_pair(SPEC, known, rows) for rows in (now, with_some(now, "quantity", 0, 10)))

    assert not [finding for finding in stand_ins(fine) if finding.verdict is Verdict.ALERT]
    [alert] = [finding for finding in stand_ins(broken) if finding.verdict is Verdict.ALERT]
    assert (alert.subject, broken.assessment.cause) == ("quantity", Cause.DATA_CORRUPTION)
