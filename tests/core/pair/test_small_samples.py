"""Windows and references of few rows, and rows that depend on each other: chance brings forth more than it seems."""

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Verdict
from airmedic_core.spec import ModelSpec, parse_spec


def spec_of(*numeric: str, categorical: tuple[str, ...] = (), **more: object) -> ModelSpec:
    data = {"path": "rows.parquet", "time_column": "at"}
    features = {"numeric": list(numeric), "categorical": list(categorical)}
    return parse_spec({"name": "m", "task": "binary", "target": "y", "data": data, "features": features, **more})


def in_time(rows: pd.DataFrame, first: int = 0, every: str = "min") -> pd.DataFrame:
    """Give each row its time, one after the other from a place on."""
    at = pd.date_range("2026-01-01", periods=first + len(rows), freq=every)[first:]
    return rows.reset_index(drop=True).assign(at=at)


def split(rows: pd.DataFrame, before: int, every: str = "min") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut rows in two: the reference and the window after it."""
    return in_time(rows[:before], every=every), in_time(rows[before:], before, every)


def alerts(check: PairCheck) -> list[str]:
    return [finding.key for finding in check.findings if finding.verdict is Verdict.ALERT]


def test_a_rare_class_is_no_loss_because_its_few_rows_are_ranked_badly() -> None:
    """One row in a hundred is positive and nothing tells which: of 30 such pairs, seven had a lost relation before."""
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = pd.DataFrame({f"x{at}": rng.normal(size=700) for at in range(4)}).assign(
            y=(rng.random(700) < 0.01).astype(int)
        )
        before, now = split(rows, 500)
        if before["y"][:350].nunique() == 2:
            assert alerts(check_pair(spec_of("x0", "x1", "x2", "x3"), before, now)) == []


def test_categories_of_a_handful_of_rows_come_together_by_chance() -> None:
    """Seven equally frequent categories, 60 rows beside 60. These two of 100 such pairs alarmed before."""
    spec = spec_of("x", categorical=("weekday",))
    for seed in (5, 53):
        rng = np.random.default_rng(seed)
        rows = pd.DataFrame({"x": rng.normal(size=120), "weekday": rng.choice(list("1234567"), 120)})
        assert alerts(check_pair(spec, *split(rows, 60))) == []
    moved = in_time(pd.DataFrame({"x": rng.normal(size=60), "weekday": ["1"] * 45 + ["2"] * 15}), 60)
    assert "drift:weekday:shift" in alerts(check_pair(spec, in_time(rows[:60]), moved))


@pytest.mark.parametrize(("rows", "damaged"), [(60, False), (6000, True)])
def test_three_new_largest_values_are_damage_only_beside_a_large_reference(rows: int, damaged: bool) -> None:
    """Of three rows of a window as long as the reference, one in eight has all three beyond it."""
    rng = np.random.default_rng(0)
    before = pd.DataFrame({"x": rng.normal(size=rows), "guests": np.arange(rows) % 2})
    now = pd.DataFrame({"x": rng.normal(size=60), "guests": [0, 1] * 28 + [0, 5, 6, 7]})
    alarms = alerts(check_pair(spec_of("x", "guests"), in_time(before), in_time(now, rows)))
    assert ("corruption:guests:outside_fraction" in alarms) is damaged


@pytest.mark.parametrize(("rows_before", "rows", "far"), [(100, 500, 20), (100, 1000, 45), (300, 1000, 25)])
def test_more_than_a_handful_of_far_values_is_damage_beside_few_rows_too(rows_before: int, rows: int, far: int) -> None:
    """They lie ten standard deviations out. Before, the number of rows alone made them a chance."""
    rng = np.random.default_rng(3)
    before = pd.DataFrame({name: rng.normal(50, 10, rows_before) for name in "abc"})
    now = pd.DataFrame({name: rng.normal(50, 10, rows) for name in "abc"})
    now.loc[rng.choice(rows, far, replace=False), "a"] = rng.uniform(150, 260, far)
    check = check_pair(spec_of("a", "b", "c"), in_time(before), in_time(now, rows_before))
    assert check.assessment.cause is Cause.DATA_CORRUPTION


@pytest.mark.parametrize(("times", "damaged"), [(1, False), (10, True)])
def test_one_of_many_values_is_repeated_by_chance_in_a_short_window(times: int, damaged: bool) -> None:
    """Seven of 60 rows where three of 150 are usual; and the same shares in ten times the rows."""
    rng = np.random.default_rng(1)

    def humidity(rows: int, repeats: int) -> pd.DataFrame:
        values = np.append(
            rng.integers(20, 99, rows - repeats) + rng.choice([0.25, 0.75], rows - repeats), [88] * repeats
        )
        return pd.DataFrame({"x": rng.normal(size=rows), "humidity": rng.permutation(values)})

    before, now = in_time(humidity(150 * times, 3 * times)), in_time(humidity(60 * times, 7 * times), 150 * times)
    alarms = alerts(check_pair(spec_of("x", "humidity"), before, now))
    assert ("corruption:humidity:repeated_value_fraction" in alarms) is damaged


def test_a_column_of_a_handful_of_values_has_no_vocabulary() -> None:
    rng = np.random.default_rng(2)

    def rows(count: int, *companies: str) -> pd.DataFrame:
        company = [*companies, *[None] * (count - len(companies))]
        return pd.DataFrame({"x": rng.normal(size=count), "company": company})

    spec = spec_of("x", categorical=("company",))
    alarms = alerts(check_pair(spec, in_time(rows(100, "a", "a", "b", "b")), in_time(rows(100, "d"), 100)))
    assert "schema:company:unseen_fraction" not in alarms
    many = (f"company {at % 5}" for at in range(100)), (f"company {7 + at % 5}" for at in range(100))
    alarms = alerts(check_pair(spec, in_time(rows(100, *many[0])), in_time(rows(100, *many[1]), 100)))
    assert "schema:company:unseen_fraction" in alarms


def test_labels_that_come_in_runs_move_their_share_by_themselves() -> None:
    """Rough weather lasts for a day: a window of two weeks has one such day, or three."""
    spec = spec_of("x", window={"every": "14 days"})

    def hours(*runs: int, rows: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        y = np.zeros(rows, dtype=int)
        for start in runs:
            y[start : start + 20] = 1
        return pd.DataFrame({"x": rng.normal(size=rows) + 1.5 * y, "y": y})

    before = in_time(hours(30, 700, 1100, rows=1344, seed=0), every="h")
    weather = check_pair(spec, before, in_time(hours(50, 200, rows=336, seed=1), 1344, "h"))
    assert weather.assessment.cause is not Cause.LABEL_SHIFT
    one_by_one = before.assign(y=np.random.default_rng(3).permutation(before["y"]))
    one_by_one["x"] = np.random.default_rng(4).normal(size=1344) + 1.5 * one_by_one["y"]
    rows = hours(rows=336, seed=5).assign(y=np.arange(336) % 6 == 0)
    moved = in_time(rows.assign(y=rows["y"].astype(int), x=rows["x"] + 1.5 * rows["y"]), 1344, "h")
    by_statistic = {finding.statistic: finding for finding in check_pair(spec, one_by_one, moved).findings}
    assert by_statistic["class_mix"].suggests == (Cause.LABEL_SHIFT,)
