"""Healthy pairs and pairs with an injected fault: that they are what they claim, and that their two parts are apart."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

# These scripts import each other by name.
from airmedic_core.spec import parse_spec
from healthy_monitoring import Monitored
from labelled.by_check import table
from labelled.draws import following, halves, season_later, shuffled
from labelled.healthy import FAULTY_DAYS, healthy_pairs
from labelled.injected import injected_pairs
from labelled.injuries import convert, deliver_again, drop_rows, fill_blanks, move_mix, put, slide, swap
from labelled.looks import refusal
from labelled.tables import DATA, TABLES, TIME, Table

needs_data = pytest.mark.skipif(
    not (DATA / "real_windows").exists(), reason="AIRMEDIC_DATA does not hold the data sets"
)
RNG_SEED = 3


@pytest.fixture
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(RNG_SEED)
    hours = pd.date_range("2023-01-01", periods=24 * 500, freq="h")
    degrees = 10 + 5 * np.sin(2 * np.pi * hours.hour / 24) + rng.normal(0, 1, len(hours))
    return pd.DataFrame(
        {
            TIME: hours,
            "degrees": degrees,
            "site": rng.choice(["north", "south"], len(hours)),
            "load": 3 * degrees + rng.normal(0, 1, len(hours)),
        }
    )


def _table(rows: pd.DataFrame) -> Table:
    return Table("sites", "sites", "open", "regression", "load", ("degrees",), ("site",), lambda: rows, ("7D",))


def test_random_parts_share_no_row(rows) -> None:
    rng = np.random.default_rng(RNG_SEED)
    numbered = rows.assign(number=np.arange(len(rows)))
    for reference, window in (shuffled(numbered, rng, 500, 200), halves(numbered, rng, 700)):
        assert not set(reference["number"]) & set(window["number"])
        assert len(reference) + len(window) == 700


def test_windows_follow_each_other_and_seasons_come_back_on_the_same_weekday(rows) -> None:
    start, week = rows[TIME].iloc[0], pd.Timedelta("7D")
    reference, window = following(rows, start, week, 4)
    assert window[TIME].iloc[0] - reference[TIME].iloc[-1] == pd.Timedelta("1h")
    reference, window = season_later(rows, start, week, 4)
    assert window[TIME].iloc[0].dayofweek == reference[TIME].iloc[0].dayofweek
    assert len(window) == 7 * 24


def test_the_look_lets_an_ordinary_window_pass_and_refuses_what_has_changed(rows) -> None:
    table = _table(rows)
    reference, window = following(rows, rows[TIME].iloc[0], pd.Timedelta("7D"), 6)
    assert not refusal(table, (reference, window))
    warmer = window.assign(degrees=window["degrees"] + 4)
    assert "degrees" in refusal(table, (reference, warmer))
    noisy = window.assign(load=np.random.default_rng(1).permutation(window["load"]))
    assert "loss" in refusal(table, (reference, noisy))
    assert "usual rows" in refusal(table, (reference, window[::3]))


def test_a_table_is_monitored_window_after_window(rows) -> None:
    rows = rows.assign(time=rows[TIME].dt.tz_localize("UTC"))
    start, week = rows[TIME].iloc[0], pd.Timedelta("7D")
    reference, window = following(rows, start, week, 10)
    monitored = Monitored(_table(rows), week, reference)
    assert monitored.check(start + 10 * week, window).outcome == "healthy"
    blank = window.assign(degrees=np.nan, **{TIME: window[TIME] + week})
    assert monitored.check(start + 11 * week, blank).outcome == "incident"
    assert len(monitored.history) == 2


def test_injuries_do_what_they_say_and_leave_the_given_rows_alone(rows) -> None:
    rng = np.random.default_rng(RNG_SEED)
    reference, window = following(rows, rows[TIME].iloc[0], pd.Timedelta("7D"), 4)
    before = window.copy()
    _, converted = convert({"degrees": ("°C in °F", 1.8, 32.0)}, ("site", "north"))(reference, window, rng)
    north = window["site"] == "north"
    np.testing.assert_allclose(converted["degrees"][north], window["degrees"][north] * 1.8 + 32)
    pd.testing.assert_series_equal(converted["degrees"][~north], window["degrees"][~north])
    _, stale = deliver_again(new_clock=True)(reference, window, rng)
    assert stale["degrees"].tolist() == reference["degrees"].tail(len(window)).tolist()
    assert stale[TIME].tolist() == window[TIME].tolist()
    _, coded = put(["degrees"], -999.0, 0.25, run=True)(reference, window, rng)
    assert (coded["degrees"] == -999.0).sum() == len(window) // 4
    _, gap = drop_rows(gap=0.5)(reference, window, rng)
    assert len(gap) == pytest.approx(len(window) / 2, abs=1)
    _, slid = slide(["degrees", "load"], 1.0)(reference, window, rng)
    assert slid["load"].tolist() == window["degrees"].tolist()
    _, swapped = swap("degrees", "load")(reference, window, rng)
    assert swapped["degrees"].tolist() == window["load"].tolist()
    pd.testing.assert_frame_equal(window, before)


def test_a_class_mix_moves_by_the_factor_and_keeps_every_positive() -> None:
    rng = np.random.default_rng(RNG_SEED)
    window = pd.DataFrame({"bought": (rng.random(20_000) < 0.1).astype(int)})
    _, moved = move_mix("bought", 3.0)(window, window, rng)
    assert moved["bought"].sum() == window["bought"].sum()
    assert moved["bought"].mean() == pytest.approx(0.3, abs=0.01)


def test_blanks_are_filled_where_they_were() -> None:
    window = pd.DataFrame({"agent": ["a", None, "b"]})
    _, filled = fill_blanks("agent", "0")(window, window, np.random.default_rng(0))
    assert filled["agent"].tolist() == ["a", "0", "b"]


def test_a_domain_is_never_both_looked_at_and_measured() -> None:
    parts = {(table.domain, table.part) for table in TABLES}
    assert len(parts) == len({domain for domain, _ in parts})


@needs_data
def test_there_are_enough_healthy_pairs_of_every_kind_and_each_is_the_same_each_time() -> None:
    cases = [case for part in ("open", "closed") for case in healthy_pairs(part)]
    assert len(cases) >= 200
    assert len({case.name for case in cases}) == len(cases)
    kinds = Counter(case.kind for case in cases)
    assert (
        min(
            kinds[kind] for kind in ("the window after", "the same season", "shuffled table", "two samples of one time")
        )
        >= 20
    )
    sizes = [size for case in cases[::12] for size in map(len, case.build())]
    assert min(sizes) <= 100
    for first, second in zip(cases[3].build(), cases[3].build(), strict=True):
        pd.testing.assert_frame_equal(first, second)


@needs_data
def test_no_ordinary_window_holds_a_day_on_which_a_sensor_failed() -> None:
    bikes = [case for case in healthy_pairs("open") if case.domain == "bikes" and "shuffled" not in case.name]
    windows = [
        case.build()[1][TIME].dt.strftime("%Y-%m-%d")
        for case in bikes
        if case.kind in ("the window after", "the same season")
    ]
    assert len(windows) > 20
    assert not any(days.isin(FAULTY_DAYS["bikes"]).any() for days in windows)


@needs_data
def test_faults_are_in_the_window_and_nowhere_else() -> None:
    cases = injected_pairs("open")
    assert len(cases) >= 100
    for case in cases[::25]:
        parse_spec(case.spec)
        assert not set(case.accept) & case.must_not
        _, window = case.build()
        assert len(window) >= 40


def test_of_each_check_it_is_said_what_it_alarms_on() -> None:
    alert, fine = ({"check": "units", "verdict": verdict} for verdict in ("alert", "ok"))
    fault = {"kind": "unit", "healthy": False, "findings": [alert, alert]}
    missed = {"kind": "rows missing", "healthy": False, "findings": [fine]}
    sound = {"kind": "the window after", "healthy": True, "findings": [fine]}
    assert table([fault, missed, sound, sound])[2:] == ["| `units` | 0 of 2 = 0.0 % | unit 1 of 1 |"]
