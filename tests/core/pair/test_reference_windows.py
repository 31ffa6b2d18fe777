"""How rows in question lie in time. Expected windows are counted on a calendar: the 1st of June 2026 is a Monday."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import check_pair
from airmedic_core.pair.reference_windows import in_windows_of, window_of
from airmedic_core.spec import ModelSpec, parse_spec


def _spec(every: str) -> ModelSpec:
    return parse_spec(
        {
            "name": "m", "task": "binary", "target": "y", "data": {"path": "rows.csv", "time_column": "at"},
            "window": {"every": every, "min_rows": 20},
        }
    )  # fmt: skip


def _rows(start: str, end: str, every: str = "1h", seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    rows = pd.DataFrame({"at": pd.date_range(start, end, freq=every, tz="UTC", inclusive="left")})
    return rows.assign(a=draw.normal(size=len(rows)), y=draw.integers(0, 2, len(rows)))


@pytest.mark.parametrize(
    ("every", "start", "end", "expected"),
    [
        ("week", "2026-06-01", "2026-06-08", ("2026-06-01", "2026-06-08")),
        ("week", "2026-06-03", "2026-06-10", ("2026-06-03", "2026-06-10")),
        ("week", "2026-06-03T15:00", "2026-06-10T00:00", ("2026-06-03", "2026-06-10")),
        ("week", "2026-06-03", "2026-06-15", ("2026-06-01", "2026-06-15")),
        ("month", "2026-05-15", "2026-06-14", ("2026-05-14", "2026-06-14")),
        ("day", "2026-06-03T15:00", "2026-06-04T15:00", ("2026-06-03T15:00", "2026-06-04T15:00")),
    ],
)
def test_rows_across_a_boundary_lie_in_a_window_of_their_own(
    every: str, start: str, end: str, expected: tuple[str, str]
) -> None:
    spec = _spec(every)
    window = window_of(spec, _rows(start, end))
    assert (window.start, window.end) == tuple(
        datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in expected
    )
    if window.end - window.start != pd.Timedelta(days=14):
        assert in_windows_of(spec, window, 100).window.step == spec.window.step


@pytest.mark.parametrize(("kept", "cause"), [(1.0, "healthy"), (0.4, "volume_anomaly")])
def test_the_last_seven_days_are_counted_as_a_week_wherever_they_begin(kept: float, cause: str) -> None:
    """They were held against two weeks of the calendar, in which half of the rows seemed to be missing."""
    reference, current = _rows("2026-04-06", "2026-06-01"), _rows("2026-06-03", "2026-06-10", seed=1)
    current = current[np.random.default_rng(2).random(len(current)) < kept]
    result = check_pair(_spec("week"), reference, current)
    outcome = str(result.assessment.cause) if result.assessment.outcome == "incident" else "healthy"
    assert outcome == cause
