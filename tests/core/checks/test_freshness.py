"""Rows that were delivered before: when a window alerts, and when a second one must confirm it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from airmedic_core.assess import weigh
from airmedic_core.checks.freshness import Freshness, Options
from airmedic_core.comparison import CheckContext, PastWindow, row_facts
from airmedic_core.profile import build_profile, build_reference
from airmedic_core.records import Batch, Cause, Finding, Verdict
from airmedic_core.spec import parse_spec
from airmedic_core.windows import as_utc

DAYS, ROWS = 6, 200
SPEC = parse_spec(
    {
        "name": "orders",
        "task": "binary",
        "target": "returned",
        "data": {"path": "orders.parquet", "time_column": "at"},
        "features": {"numeric": ["price", "age"]},
        "window": {"every": "day"},
    }
)


def orders(day: int) -> pd.DataFrame:
    rng = np.random.default_rng(day)
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(day * 86_400 + np.arange(ROWS) * 400, "s")
    return pd.DataFrame({"at": at, "price": rng.gamma(4.0, 10.0, ROWS), "age": rng.normal(40, 12, ROWS)})


def repeating(before: pd.DataFrame, day: int, fraction: float) -> pd.DataFrame:
    """Draw a day of which a part is that of an earlier one."""
    rows = orders(day)
    old = np.arange(ROWS) < fraction * ROWS
    return rows.assign(**{name: np.where(old, before[name], rows[name]) for name in ("price", "age")})


def look(today: pd.DataFrame, day: int, history: Sequence[PastWindow] = ()) -> tuple[Finding, PastWindow]:
    """Return what is said of a day's repeated rows, and the day as the next one's history has it."""
    usual = pd.concat([orders(known) for known in range(DAYS)], ignore_index=True)
    reference = build_reference(SPEC, usual)
    window = SPEC.window.step.last_complete(as_utc(f"2026-01-{day + 2:02d}"))
    context = CheckContext(
        SPEC, Batch(SPEC.name, window, window.end, len(today)), today, reference,
        build_profile(reference.edges, today, window=window), history=tuple(history),
        facts_of=lambda: row_facts(SPEC, today, window, ["price", "age"]),
        reference_facts_of=lambda: tuple(
            row_facts(SPEC, orders(known), reference.windows[known].window, ["price", "age"]) for known in range(DAYS)
        ),
    )  # fmt: skip
    findings = Freshness().run(context, Options())
    (repeated,) = [finding for finding in findings if finding.statistic == "repeated_rows"]
    past = PastWindow(window, len(today), None, weigh(context.batch, findings), None, context.facts, tuple(findings))
    return repeated, past


@pytest.mark.parametrize(
    ("fraction", "verdict"), [(0.0, Verdict.OK), (0.2, Verdict.OK), (0.4, Verdict.WATCH), (0.7, Verdict.ALERT)]
)
def test_moderately_many_repeated_rows_are_watched(fraction, verdict):
    repeated, _ = look(repeating(orders(DAYS - 1), DAYS, fraction), DAYS)
    assert repeated.verdict is verdict
    # Estimated from the 256 smallest hashes of each window: 200 rows are all there.
    assert repeated.value == pytest.approx(fraction)
    assert repeated.suggests == (() if verdict is Verdict.OK else (Cause.STALE_DATA,))


def test_a_second_window_confirms_what_was_watched():
    first = repeating(orders(DAYS - 1), DAYS, 0.4)
    _, watched = look(first, DAYS)
    assert watched.watched
    again, stale = look(repeating(first, DAYS + 1, 0.4), DAYS + 1, [watched])
    assert again.verdict is Verdict.ALERT
    assert stale.assessment is not None
    assert stale.assessment.cause is Cause.STALE_DATA
    recovered, _ = look(orders(DAYS + 1), DAYS + 1, [watched])
    assert recovered.verdict is Verdict.OK
