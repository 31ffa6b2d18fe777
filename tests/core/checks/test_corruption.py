"""Values that stand in for others, and values that no longer belong to their rows, in windows without labels."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Verdict
from airmedic_core.spec import parse_spec

DAYS, ROWS = 20, 400
SPEC = parse_spec(
    {
        "name": "rides",
        "task": "regression",
        "target": "minutes",
        "data": {"path": "rides.parquet", "time_column": "at"},
        "features": {"numeric": ["distance", "fuel", "age", "night"], "categorical": ["kind", "weekend_kind"]},
        "window": {"every": "day"},
    }
)


def rows(seed: int, days: int, first_day: int = 0, size: int = ROWS) -> pd.DataFrame:
    """Draw days of rides: fuel follows distance, and ``weekend_kind`` is nearly always the same at weekends."""
    rng = np.random.default_rng(seed)
    n = size * days
    day = np.repeat(np.arange(days), size) + first_day
    distance = rng.gamma(2.0, 3.0, n)
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2025-03-03", tz="UTC")
            + pd.to_timedelta(day * 86_400 + rng.integers(0, 86_400, n), "s"),
            "distance": distance.round(2),
            "fuel": (1 + 0.3 * distance * rng.lognormal(0, 0.5, n)).round(2),
            "age": rng.normal(40, 12, n).round().clip(18, 90),
            "night": (rng.random(n) < 0.2).astype(int),
            "kind": rng.choice(["a", "b", "c"], n),
            "weekend_kind": np.where(rng.random(n) < np.where(day % 7 >= 5, 0.8, 0.45), "online", "office"),
        }
    )
    return frame.sort_values("at", kind="stable").reset_index(drop=True)


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return rows(1, DAYS)


@pytest.fixture
def today() -> pd.DataFrame:
    return rows(2, 1, DAYS)


def damaged(answer: PairCheck) -> set[tuple[str, str]]:
    return {
        (finding.subject, finding.statistic)
        for finding in answer.findings
        if finding.check == "corruption" and finding.verdict is Verdict.ALERT
    }


@pytest.mark.parametrize(("column", "value"), [("kind", "unknown"), ("age", 0.0)])
@pytest.mark.parametrize(("every", "expected"), [(40, True), (200, False)])
def test_what_stands_for_missing_and_was_never_seen_counts_from_one_percent(
    reference, today, column, value, every, expected
):
    lost = today.assign(**{column: today[column].mask(np.arange(len(today)) % every == 0, value)})
    answer = check_pair(SPEC, reference, lost)
    assert (column in {subject for subject, _ in damaged(answer)}) is expected
    assert (answer.assessment.cause is Cause.DATA_CORRUPTION) is expected


def test_a_word_for_missing_that_is_usual_may_be_a_little_more_frequent(reference, today):
    def some(frame: pd.DataFrame, every: int) -> pd.DataFrame:
        return frame.assign(kind=frame["kind"].mask(np.arange(len(frame)) % every == 0, "unknown"))

    assert damaged(check_pair(SPEC, some(reference, 100), some(today, 40))) == set()


@pytest.mark.parametrize(("column", "value"), [("night", 0), ("weekend_kind", "online")])
def test_one_value_in_every_row_is_stuck_where_every_window_had_others(reference, today, column, value):
    # At weekends 80 % of the rows are alike: of 400 rows never all.
    answer = check_pair(SPEC, reference, today.assign(**{column: value}))
    assert damaged(answer) == {(column, "constant")}
    assert answer.assessment.cause is Cause.DATA_CORRUPTION


@pytest.mark.parametrize("column", ["night", "warm"])
def test_one_value_in_every_row_of_a_few_says_nothing(column):
    # As many rows as hours: whole degrees that are alike for a third to two thirds of a day may be so all day.
    def day_of(frame: pd.DataFrame) -> pd.DataFrame:
        row = np.arange(len(frame)) % 24
        return frame.assign(warm=np.where(row < 8 + 8 * (frame["at"].dt.day % 2), 20, 20 + row))

    numeric = (*SPEC.features.numeric, "warm")
    spec = SPEC.model_copy(update={"features": SPEC.features.model_copy(update={"numeric": numeric})})
    usual, now = day_of(rows(1, DAYS, size=24)), day_of(rows(2, 1, DAYS, size=24))
    alike = now.assign(**{column: now[column].iloc[0]})
    assert damaged(check_pair(spec, usual, alike)) == set()


def far_away(power: float) -> pd.DataFrame:
    """Return today's rides, picked by their distance out of many: mostly long ones, and all ties as they were."""
    pool = rows(3, 1, DAYS, 20 * ROWS)
    chance = pool["distance"].to_numpy() ** power
    picked = np.random.default_rng(4).choice(len(pool), ROWS, replace=False, p=chance / chance.sum())
    return pool.iloc[np.sort(picked)].reset_index(drop=True)


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_rows_picked_by_a_column_leave_its_ties_whole(reference, power):
    answer = check_pair(SPEC, reference, far_away(power))
    assert damaged(answer) == set()
    assert answer.assessment.cause is Cause.HARMLESS_COVARIATE_SHIFT


def test_values_of_other_rows_break_the_tie_even_where_inputs_moved(reference):
    moved = far_away(1.0)
    wrong = moved.assign(fuel=np.random.default_rng(5).permutation(moved["fuel"]))
    assert ("fuel", "tie") in damaged(check_pair(SPEC, reference, wrong))


def test_a_conversion_is_told_from_rows_picked_by_a_column(reference, today):
    # Rides that are shorter by the same factor look alike in their distance, but not in the fuel that they need.
    answer = check_pair(SPEC, reference, today.assign(distance=(today["distance"] / 3.2808399).round(2)))
    assert answer.assessment.cause is Cause.UNIT_CHANGE
    assert "distance" in {key.split(":")[1] for key in answer.assessment.finding_keys}


def test_a_flag_of_the_day_may_be_one_value_for_a_week():
    # Seven days are seven values, however many rows they have: a week may be without a free day.
    def flagged(frame: pd.DataFrame, free: pd.Series) -> pd.DataFrame:
        return frame.assign(night=free.astype(int))

    usual = rows(1, 70, size=60)
    free = (usual["at"].dt.dayofweek == 6) | ((usual["at"].dt.dayofweek == 5) & (usual["at"].dt.day % 2 == 0))
    now = rows(2, 7, 70, 60)
    spec = SPEC.model_copy(update={"window": SPEC.window.model_copy(update={"every": "week"})})
    answer = check_pair(spec, flagged(usual, free), flagged(now, now["at"].dt.dayofweek > 6))
    assert damaged(answer) == set()


def test_turned_signs_are_damage_and_the_first_frost_is_none(reference, today):
    """A fifth of the values with the other sign reaches as deep as the column is high; frost comes a little way."""
    usual = reference.assign(age=reference["age"] - 18.0)
    now = today.assign(age=today["age"] - 18.0)
    turned = now.assign(age=now["age"].where(np.arange(len(now)) % 5 > 0, -now["age"]))
    frost = now.assign(age=now["age"] - 8.0)

    assert ("age", "outside_fraction") in damaged(check_pair(SPEC, usual, turned))
    assert ("age", "outside_fraction") not in damaged(check_pair(SPEC, usual, frost))
