"""Columns with a long tail of names: some are new in every window, and that is usual."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.measures.unseen_categories import usual_unseen
from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Verdict
from airmedic_core.simulate.example import example_context
from airmedic_core.spec import parse_spec

SPEC = parse_spec(
    {
        "name": "visits", "task": "binary", "target": "bought",
        "data": {"path": "visits.parquet", "time_column": "at"},
        "features": {"numeric": ["pages"], "categorical": ["page"]},
        "window": {"every": "day", "min_rows": 50},
    }
)  # fmt: skip


def visits(seed: int, rows: int, first_day: int = 0, prefix: str = "/p") -> pd.DataFrame:
    """Pages by a Zipf law of exponent 1.4: names that nobody has asked for before keep coming."""
    rng = np.random.default_rng(seed)
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(first_day * 86_400 + np.arange(rows) * 432, unit="s")
    page = [f"{prefix}{number}" for number in rng.zipf(1.4, rows)]
    return pd.DataFrame(
        {"at": at, "pages": rng.poisson(4, rows), "page": page, "bought": (rng.random(rows) < 0.3).astype(int)}
    )


def checked(today: pd.DataFrame) -> PairCheck:
    return check_pair(SPEC, visits(0, 4000), today)


def test_the_usual_share_of_new_names_is_none_of_the_alarms() -> None:
    today = visits(1, 200, 20)
    new = ~today["page"].isin(visits(0, 4000)["page"])
    assert 0.03 < new.mean() < 0.3, "the window has names that the reference lacks"

    result = checked(today)

    assert result.assessment.cause is Cause.HEALTHY
    [page] = [finding for finding in result.findings if finding.key == "drift:page:shift"]
    assert page.verdict is Verdict.OK


def test_a_window_of_new_names_alone_is_a_change_of_schema() -> None:
    assert checked(visits(1, 200, 20, prefix="/article/")).assessment.cause is Cause.SCHEMA_CHANGE


def test_the_estimate_is_that_of_good() -> None:
    """Of ten rows three names come once: three tenths of the next rows are new (Good 1953)."""
    names = ["a"] * 4 + ["b"] * 3 + ["c", "d", "e"]
    context = example_context()
    rows = pd.DataFrame({"channel": names})

    object.__setattr__(context, "reference_rows_of", lambda: rows)

    assert usual_unseen(context, "channel").share == pytest.approx(0.3)
