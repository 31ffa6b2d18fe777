"""Drift where people live by a local clock that changes, on hours without sampling noise: quantiles that are moved."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from airmedic_core.assess import weigh
from airmedic_core.checks import run_group
from airmedic_core.comparison import CheckContext, PastWindow
from airmedic_core.profile import Reference, build_profile, build_reference
from airmedic_core.records import Batch, Finding, Verdict
from airmedic_core.spec import parse_spec
from airmedic_core.windows import Window

ROWS = 2_000
COLUMNS = tuple("abcdefghijkl")
HOUR = pd.Timedelta(hours=1)
SWITCH = pd.Timestamp("2025-03-30 01:00", tz="UTC")  # Berlin goes from 02:00 to 03:00
REFERENCE_HOURS, SINCE = 6 * 24, 12
SPEC = parse_spec(
    {
        "name": "hours",
        "task": "regression",
        "target": "y",
        "data": {"path": "hours.parquet", "time_column": "at"},
        "features": {"numeric": list(COLUMNS), "categorical": []},
        "window": {"every": "1h"},
    }
)


def rows(start: pd.Timestamp, moved: dict[str, float]) -> pd.DataFrame:
    local = start.tz_convert("Europe/Berlin").hour
    rng = np.random.default_rng(int(start.timestamp()))
    # Each column has its highest hour at a time of its own.
    levels = 0.6 * np.cos(2 * np.pi * (local - 2.0 * np.arange(12)) / 24) + 0.03 * rng.standard_normal(12)
    values = ndtri((np.arange(ROWS) + 0.5) / ROWS)
    columns = {name: values + level + moved.get(name, 0.0) for name, level in zip(COLUMNS, levels, strict=True)}
    return pd.DataFrame({"at": start + pd.to_timedelta(np.arange(ROWS), unit="s")} | columns)


def check(
    reference: Reference, start: pd.Timestamp, history: Sequence[PastWindow], moved: dict[str, float]
) -> tuple[list[Finding], PastWindow]:
    window = Window(start.to_pydatetime(), (start + HOUR).to_pydatetime())
    frame = rows(start, moved)
    batch = Batch(SPEC.name, window, window.end, ROWS)
    profile = build_profile(reference.edges, frame, window=window)
    findings = run_group(CheckContext(SPEC, batch, frame, reference, profile, history=tuple(history)), "drift")
    return findings, PastWindow(window, ROWS, None, weigh(batch, findings), profile, None, tuple(findings))


@pytest.fixture(scope="module")
def reference() -> Reference:
    first = SWITCH - (REFERENCE_HOURS + SINCE) * HOUR
    return build_reference(SPEC, pd.concat([rows(first + at * HOUR, {}) for at in range(REFERENCE_HOURS)]))


@pytest.fixture(scope="module")
def watched(reference: Reference) -> list[PastWindow]:
    """The hours from the reference to a day and a half after the switch, newest first."""
    history: list[PastWindow] = []
    for at in range(-SINCE, 36):
        history.insert(0, check(reference, SWITCH + at * HOUR, history, {})[1])
    return history


def test_a_change_of_the_clock_is_no_news(watched: list[PastWindow]) -> None:
    assert [day.window.start for day in watched if day.watched or not day.healthy] == []


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize("size", [-0.4, 0.4])
def test_a_column_that_moves_after_it_is_found(
    reference: Reference, watched: list[PastWindow], hour: int, size: float
) -> None:
    findings, _ = check(reference, SWITCH + (12 + hour) * HOUR, watched[24 - hour :], {"a": size})
    assert [finding.subject for finding in findings if finding.verdict is Verdict.ALERT] == ["a"]


@pytest.mark.parametrize("hours_late", [-3, 3])
def test_all_columns_late_by_hours_are_found(reference: Reference, watched: list[PastWindow], hours_late: int) -> None:
    start = SWITCH - 2 * HOUR
    late = rows(start - hours_late * HOUR, {}).mean(numeric_only=True) - rows(start, {}).mean(numeric_only=True)
    findings, past = check(reference, start, watched[38:], {name: late[name] for name in COLUMNS})
    assert sum(finding.verdict is Verdict.ALERT for finding in findings) >= 6
    assert not past.healthy
