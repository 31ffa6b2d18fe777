"""What findings on faults of the data say they are evidence of, and which causes explain them away."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from airmedic_core.pair import check_pair
from airmedic_core.records import Cause, Finding, Role, Verdict
from airmedic_core.spec import parse_spec

DAYS, ROWS = 20, 300
SPEC = parse_spec(
    {
        "name": "orders",
        "task": "regression",
        "target": "paid",
        "data": {"path": "orders.parquet", "time_column": "at"},
        "features": {"numeric": ["price", "weight", "age"], "categorical": ["country"]},
        "window": {"every": "day"},
    }
)


def orders(seed: int, days: int, first_day: int = 0) -> pd.DataFrame:
    """Draw days of orders whose price follows their weight."""
    rng = np.random.default_rng(seed)
    count = days * ROWS
    weight = rng.lognormal(1.0, 0.5, count).round(2)
    price = (12 * weight * rng.lognormal(0, 0.2, count)).round(2)
    seconds = (first_day + np.repeat(np.arange(days), ROWS)) * 86_400 + np.tile(np.arange(ROWS) * 288, days)
    return pd.DataFrame(
        {
            "at": pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(seconds, "s"),
            "price": price,
            "weight": weight,
            "age": rng.normal(40, 12, count).round().clip(18, 90),
            "country": rng.choice(["de", "fr", "it"], count),
            "paid": price + rng.normal(0, 5, count),
        }
    )


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return orders(1, DAYS)


@pytest.fixture
def today() -> pd.DataFrame:
    return orders(2, 1, DAYS)


def alerts(reference: pd.DataFrame, current: pd.DataFrame, check: str) -> list[Finding]:
    answer = check_pair(SPEC, reference, current)
    return [finding for finding in answer.findings if finding.check == check and finding.verdict is Verdict.ALERT]


FAULTS: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "a tenth of the rows": (lambda rows: rows.iloc[::10], "volume"),
    "rows of an earlier day": (lambda rows: orders(1, DAYS).tail(ROWS).assign(at=rows["at"].to_numpy()), "freshness"),
    "a lost column": (lambda rows: rows.drop(columns="weight"), "schema"),
    "another unit": (lambda rows: rows.assign(weight=rows["weight"] * 1000), "units"),
    "half of the values are null": (lambda rows: rows.assign(age=rows["age"].where(rows.index % 2 == 0)), "corruption"),
    "values of other rows": (lambda rows: rows.assign(price=rows["price"].to_numpy()[::-1]), "corruption"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_the_data_say_so(fault: str, reference: pd.DataFrame, today: pd.DataFrame) -> None:
    change, check = FAULTS[fault]
    raised = alerts(reference, change(today), check)
    assert raised
    assert {finding.role for finding in raised} == {Role.DATA_FAULT}


def test_a_converted_column_that_lies_out_of_range_is_explained(reference: pd.DataFrame, today: pd.DataFrame) -> None:
    converted = today.assign(weight=today["weight"].where(today.index % 3 == 0, today["weight"] * 1000))
    assert [finding.suggests for finding in alerts(reference, converted, "units")] == [(Cause.UNIT_CHANGE,)]
    outside = [finding for finding in alerts(reference, converted, "corruption") if finding.subject == "weight"]
    assert outside
    assert all(Cause.UNIT_CHANGE in finding.explained_by for finding in outside)


def test_nulls_are_no_symptom_of_strange_rows(reference: pd.DataFrame, today: pd.DataFrame) -> None:
    half = today.assign(age=today["age"].where(today.index % 2 == 0))
    (nulls,) = alerts(reference, half, "corruption")
    assert nulls.statistic == "null_fraction"
    assert nulls.explained_by == (Cause.UNIT_CHANGE, Cause.SCHEMA_CHANGE)


def test_strange_rows_are_moved_inputs_and_explain_extreme_values(reference: pd.DataFrame, today: pd.DataFrame) -> None:
    strange = today.copy()
    strange.loc[::3, ["price", "weight", "age"]] *= [900.0, 0.001, 40.0]
    (spike,) = alerts(reference, strange, "anomalies")
    assert spike.role is Role.INPUT_MOVED
    extreme = alerts(reference, strange, "corruption")
    assert extreme
    assert all(Cause.ANOMALY_SPIKE in finding.explained_by for finding in extreme)
