"""Drift over several windows, on days without sampling noise: every day holds the same quantiles, moved as a whole."""

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

ROWS, DAYS = 10_000, 20
WOBBLE = np.linspace(-0.05, 0.05, DAYS)
"""Of the reference's days, in standard deviations: 0.03 on average, which is 9 times the variance of the rows."""
COLUMNS = ("a", "b", "c", "d")
START = pd.Timestamp("2025-01-01", tz="UTC")
SPEC = parse_spec(
    {
        "name": "quantiles",
        "task": "regression",
        "target": "y",
        "data": {"path": "quantiles.parquet", "time_column": "at"},
        "features": {"numeric": list(COLUMNS), "categorical": []},
        "window": {"every": "1d"},
    }
)


def rows(day: int, moved: dict[str, float]) -> pd.DataFrame:
    values = ndtri((np.arange(ROWS) + 0.5) / ROWS)
    at = START + pd.Timedelta(days=day) + pd.to_timedelta(np.arange(ROWS) * 8, unit="s")
    return pd.DataFrame({"at": at} | {name: values + moved.get(name, 0.0) for name in COLUMNS})


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    orders = {name: rng.permutation(WOBBLE) for name in COLUMNS}
    days = [rows(day, {name: float(orders[name][day]) for name in COLUMNS}) for day in range(DAYS)]
    return build_reference(SPEC, pd.concat(days, ignore_index=True))


def check(
    reference: Reference, day: int, moved: dict[str, float], *history: PastWindow, statistic: str = "shift"
) -> tuple[Finding | None, PastWindow]:
    start = (START + pd.Timedelta(days=day)).to_pydatetime()
    window = Window(start, SPEC.window.step.shift(start, 1))
    frame = rows(day, moved)
    batch = Batch(SPEC.name, window, window.end, ROWS)
    profile = build_profile(reference.edges, frame, window=window)
    context = CheckContext(SPEC, batch, frame, reference, profile, history=history)
    findings = run_group(context, "drift")
    [finding] = [finding for finding in findings if finding.key == f"drift:a:{statistic}"] or [None]
    return finding, PastWindow(window, ROWS, None, weigh(batch, findings), profile, None, tuple(findings))


def test_a_move_that_is_watched_is_an_alert_when_it_stays(reference: Reference) -> None:
    first, watched = check(reference, DAYS, {"a": 0.19})
    second, _ = check(reference, DAYS + 1, {"a": 0.19}, watched)
    assert (first.verdict, second.verdict) == (Verdict.WATCH, Verdict.ALERT)


def test_a_watched_move_that_goes_away_is_over(reference: Reference) -> None:
    _, watched = check(reference, DAYS, {"a": 0.19})
    second, _ = check(reference, DAYS + 1, {}, watched)
    assert second.verdict is Verdict.OK


def test_a_move_in_the_other_direction_confirms_nothing(reference: Reference) -> None:
    _, watched = check(reference, DAYS, {"a": 0.19})
    second, _ = check(reference, DAYS + 1, {"a": -0.19}, watched)
    assert second.verdict is Verdict.WATCH


@pytest.mark.parametrize("size", [0.6, 0.8, 1.0])
def test_a_large_move_is_an_alert_at_once_by_its_larger_part(reference: Reference, size: float) -> None:
    finding, _ = check(reference, DAYS, {"a": size})
    assert finding.verdict is Verdict.ALERT
    assert finding.details["part"] == "location"
    # Ranks bend at their ends: 2 √π (Φ(s / √2) − 1/2) for a normal column.
    assert finding.effect == pytest.approx({0.6: 0.5825, 0.8: 0.7593, 1.0: 0.9226}[size], abs=0.01)


STEP = 0.012


def creep(reference: Reference, days: int) -> list[tuple[Finding | None, PastWindow]]:
    """Let a column creep up by 0.012 standard deviations a day, and return what is said of each day."""
    seen: list[tuple[Finding | None, PastWindow]] = []
    for day in range(1, days + 1):
        history = [past for _, past in reversed(seen)]
        seen.append(check(reference, DAYS + day, {"a": STEP * day}, *history, statistic="slow_shift"))
    return seen


def alerts(past: PastWindow) -> list[str]:
    """Return the statistics of the column that are alerts on a day."""
    return [
        finding.statistic for finding in past.findings if finding.subject == "a" and finding.verdict is Verdict.ALERT
    ]


def test_a_slow_move_becomes_an_alert_and_stays_one(reference: Reference) -> None:
    crept = creep(reference, 15)
    called = [alerts(past) for _, past in crept]
    first = next(day for day, alarmed in enumerate(called) if alarmed)
    assert first >= 7
    assert called[first] == ["slow_shift"]
    assert all(called[first:])
    # The mean of the last seven days, by ranks.
    assert crept[first][0].effect == pytest.approx((first + 1 - 3) * STEP, rel=0.2)


def test_days_that_only_wobble_are_no_slow_move(reference: Reference) -> None:
    history: list[PastWindow] = []
    for day in range(20):
        slow, past = check(reference, DAYS + day, {"a": WOBBLE[(7 * day) % DAYS]}, *history, statistic="slow_shift")
        assert slow is None
        history.insert(0, past)


def test_days_before_a_renewed_reference_are_forgotten(reference: Reference) -> None:
    crept = creep(reference, 14)
    history = [past for _, past in reversed(crept)]
    today = {"a": 15 * STEP}
    assert alerts(check(reference, DAYS + 15, today, *history)[1])
    days = [rows(DAYS + day, {"a": 15 * STEP + float(WOBBLE[day + 5])}) for day in range(-5, 15)]
    renewed = build_reference(SPEC, pd.concat(days, ignore_index=True))
    assert alerts(check(renewed, DAYS + 15, today, *history)[1]) == []


def test_a_reference_renewed_right_after_a_move_is_quiet_about_it(reference: Reference) -> None:
    before = [rows(day, {"a": float(WOBBLE[(7 * day) % DAYS])}) for day in range(DAYS)]
    renewed = build_reference(SPEC, pd.concat([*before, rows(DAYS, {"a": 1.0})], ignore_index=True))
    history: list[PastWindow] = []
    for day in range(1, 15):
        move = {"a": 1.0 + float(WOBBLE[(7 * day) % DAYS])}
        assert alerts(check(reference, DAYS + day, move)[1]) == ["shift"]
        shift, past = check(renewed, DAYS + day, move, *history)
        assert shift is not None
        assert shift.verdict is Verdict.OK
        assert alerts(past) == []
        history.insert(0, past)
