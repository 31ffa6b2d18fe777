"""Rows that are extreme in several columns at once, where two columns measure one thing."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.measures.outliers import extreme_columns, moving_together
from airmedic_core.pair import check_pair
from airmedic_core.profile import build_reference
from airmedic_core.records import Cause, Verdict
from airmedic_core.spec import parse_spec

SPEC = parse_spec(
    {
        "name": "weather",
        "task": "regression",
        "target": "y",
        "data": {"path": "rows.csv", "time_column": "at"},
        "features": {"numeric": ["heat", "felt", "chill", "wind"]},
        "window": {"every": "day", "min_rows": 24},
    }
)


def hours(days: int, *, first_day: int = 0, warmer: float = 0.0) -> pd.DataFrame:
    """Weather whose heat is measured three times, once upside down."""
    rng = np.random.default_rng(first_day)
    count = 24 * days
    heat = rng.normal(20 + warmer, 3, count)
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(24 * first_day + np.arange(count), unit="h"),
            "heat": heat,
            "felt": 1.2 * heat + rng.normal(0, 0.1, count),
            "chill": 30 - heat + rng.normal(0, 0.1, count),
            "wind": rng.normal(0, 1, count),
            "y": 5 * heat + rng.normal(0, 5, count),
        }
    )


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return hours(40)


def test_columns_are_grouped_with_the_first_they_move_with(reference: pd.DataFrame) -> None:
    whole = build_reference(SPEC, reference).whole
    assert moving_together(whole, reference) == {
        "heat": ("heat", 1), "felt": ("heat", 1), "chill": ("heat", -1), "wind": ("wind", 1),
    }  # fmt: skip


def test_a_hot_hour_counts_once_and_one_that_contradicts_itself_twice(reference: pd.DataFrame) -> None:
    whole = build_reference(SPEC, reference).whole
    together = moving_together(whole, reference)
    odd = pd.DataFrame(
        {"heat": [40.0, 40.0, 40.0, 20.0], "felt": [48.0, -10.0, 48.0, 24.0], "chill": [-10.0, -10.0, -10.0, 10.0],
         "wind": [0.0, 0.0, 9.0, 0.0]}
    )  # fmt: skip
    assert extreme_columns(whole, odd, together).tolist() == [1, 2, 2, 0]
    assert extreme_columns(whole, odd).tolist() == [3, 3, 4, 0]


def test_a_hot_day_is_no_spike_of_anomalies(reference: pd.DataFrame) -> None:
    answer = check_pair(SPEC, reference, hours(1, first_day=40, warmer=9.0))
    assert answer.assessment.cause is not Cause.ANOMALY_SPIKE


def test_hours_that_contradict_themselves_are(reference: pd.DataFrame) -> None:
    today = hours(1, first_day=40)
    today.loc[::3, "felt"] = 1.2 * np.linspace(33.0, 37.0, 8)
    today.loc[::3, "heat"] = np.linspace(4.0, 6.0, 8)
    answer = check_pair(SPEC, reference, today)
    assert answer.assessment.cause is Cause.ANOMALY_SPIKE


def test_sensors_that_read_one_value_are_damage_and_no_spike(reference: pd.DataFrame) -> None:
    today = hours(1, first_day=40)
    today.loc[::3, ["felt", "heat", "chill"]] = -200.0
    assert check_pair(SPEC, reference, today).assessment.cause is Cause.DATA_CORRUPTION


def test_where_the_other_rows_have_moved_too_it_is_another_regime(reference: pd.DataFrame) -> None:
    today = hours(1, first_day=40, warmer=4.0)
    today.loc[::3, "felt"] = 1.2 * np.linspace(33.0, 37.0, 8)
    today.loc[::3, "heat"] = np.linspace(4.0, 6.0, 8)
    answer = check_pair(SPEC, reference, today)
    (finding,) = (finding for finding in answer.findings if finding.statistic == "anomalous_fraction")
    assert "another regime" in finding.message
    assert answer.assessment.cause is not Cause.ANOMALY_SPIKE


@pytest.mark.parametrize(("cools", "alert"), [(True, False), (False, True)])
def test_what_every_part_of_the_reference_did_to_the_one_before_is_no_spike(cools: bool, alert: bool) -> None:
    """A cold and windy spell: rows beyond all earlier ones, as each week of an autumn brings some."""
    rows = hours(40)
    day = np.arange(len(rows)) // 24
    fall, gusts = (np.where(cools, 0.9 * day, 0.0), np.where(cools, 0.25 * day, 0.0))
    reference = rows.assign(heat=rows["heat"] - fall, wind=rows["wind"] + gusts)
    reference = reference.assign(felt=1.2 * reference["heat"], chill=30.0 - reference["heat"])
    spell = hours(4, first_day=40)
    some = np.arange(len(spell)) % 4 == 0
    least, most = reference["heat"].min(), reference["wind"].max()
    usual = reference.tail(len(spell))
    beyond = np.random.default_rng(5).uniform(0.0, 2.0, len(spell))
    heat = np.where(some, least - 1.0 - beyond, usual["heat"].sample(frac=1.0, random_state=0))
    wind = np.where(some, most + beyond, usual["wind"].sample(frac=1.0, random_state=1))
    today = spell.assign(heat=heat, felt=1.2 * heat, chill=30.0 - heat, wind=wind)

    findings = [finding for finding in check_pair(SPEC, reference, today).findings if finding.check == "anomalies"]

    assert [finding.verdict is Verdict.ALERT for finding in findings] == [alert]


SHELVES = parse_spec(
    {
        "name": "shelves",
        "task": "regression",
        "target": "y",
        "data": {"path": "rows.csv", "time_column": "at"},
        "features": {"numeric": [f"size_{place}" for place in range(8)]},
        "window": {"every": "day", "min_rows": 24},
    }
)


def sizes(seed: int, days: int, first_day: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    count = 240 * days
    frame = pd.DataFrame({f"size_{place}": rng.normal(size=count) for place in range(8)})
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(6 * (240 * first_day + np.arange(count)), unit="min")
    return frame.assign(at=at, y=rng.normal(size=count))


@pytest.mark.parametrize("every", [4, 7])
def test_a_launch_long_ago_hides_no_spike(every: int) -> None:
    """A new product is 30 % of the rows from the middle on; a part of today's rows lie lower than all."""
    reference, today = sizes(0, 40), sizes(1, 1, 40)
    new = (np.arange(len(reference)) >= len(reference) // 2) & (np.random.default_rng(2).random(len(reference)) < 0.3)
    reference.loc[new, [f"size_{place}" for place in range(4)]] += 6.0
    fresh = np.random.default_rng(3).random(len(today)) < 0.3
    today.loc[fresh, [f"size_{place}" for place in range(4)]] += 6.0
    today.loc[~fresh & (np.arange(len(today)) % every == 0), [f"size_{place}" for place in range(4)]] = (
        np.random.default_rng(4).normal(-6.0, 0.5, (int((~fresh & (np.arange(len(today)) % every == 0)).sum()), 4))
    )

    findings = [finding for finding in check_pair(SHELVES, reference, today).findings if finding.check == "anomalies"]

    assert [finding.verdict for finding in findings] == [Verdict.ALERT]
