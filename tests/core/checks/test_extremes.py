"""One extreme value, in the reference or in the window, and columns that never varied until now."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks import run_group
from airmedic_core.checks.drift import drift
from airmedic_core.comparison import CheckContext
from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.profile.clock_columns import telling_the_time
from airmedic_core.records import Cause, Finding, Verdict
from airmedic_core.simulate.example import example_context
from airmedic_core.spec import parse_spec

LARGEST = float(np.finfo(float).max)
SPEC = parse_spec(
    {
        "name": "parcels", "task": "binary", "target": "late",
        "data": {"path": "parcels.parquet", "time_column": "at"},
        "features": {"numeric": ["weight", "length", "insured"], "categorical": []},
        "window": {"every": "day", "min_rows": 50},
    }
)  # fmt: skip


def parcels(seed: int, days: int, first: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = 200 * days
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(first * 86_400 + np.arange(n) * 432, unit="s")
    weight = rng.lognormal(1.0, 1.0, n)
    late = (rng.random(n) < 1.0 / (1.0 + np.exp(1.0 - weight / 4.0))).astype(int)
    return pd.DataFrame({"at": at, "weight": weight, "length": rng.normal(30.0, 5.0, n), "insured": 1, "late": late})


def checked(
    today: Callable[[pd.DataFrame], pd.DataFrame], before: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows
) -> PairCheck:
    return check_pair(SPEC, before(parcels(0, 20)), today(parcels(1, 1, 20)))


def with_one(column: str, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda rows: rows.assign(**{column: rows[column].where(np.arange(len(rows)) != 7, value)})


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("value", [1e200, LARGEST, -LARGEST])
def test_an_extreme_value_of_the_reference_leaves_the_other_columns_judged(value: float) -> None:
    result = checked(lambda rows: rows.assign(length=rows["length"] + 10.0), with_one("weight", value))

    shifts = {finding.subject: finding.verdict for finding in result.findings if finding.statistic == "shift"}
    assert shifts["length"] is Verdict.ALERT
    assert not [finding.key for finding in result.findings if finding.failed]


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.parametrize("value", [9_831.3, -4_000.0, 1e200, LARGEST])
def test_one_absurd_value_is_damage(value: float) -> None:
    """Lengths have a standard deviation of 5; weights are log-normal, and never reach thousands (z > 8)."""
    for column in ("length", "weight"):
        result = checked(with_one(column, value))

        assert result.assessment.cause is Cause.DATA_CORRUPTION, column
        assert f"corruption:{column}:absurd_value" in result.assessment.finding_keys


def test_absurd_values_on_both_sides_are_told_at_once() -> None:
    def both(rows: pd.DataFrame) -> pd.DataFrame:
        return with_one("length", 9_831.3)(rows).assign(length=lambda far: far["length"].where(rows.index != 3, -4e3))

    (told,) = [known for known in checked(both).findings if known.key == "corruption:length:absurd_value"]
    assert "is 9831.3, where" in told.message
    assert "is -4000, where" in told.message
    # Both of them, of all rows of the day.
    assert told.value == pytest.approx(2 / 200)


def test_a_new_largest_value_of_a_heavy_tail_is_none() -> None:
    """Of a Pareto tail of index one, one row in n lies beyond n times the smallest: each day may bring a new record."""
    heavy = np.random.default_rng(5).pareto(1.0, 4200) + 1.0
    record = 25.0 * heavy[:4000].max()
    result = check_pair(
        SPEC,
        parcels(0, 20).assign(weight=heavy[:4000]),
        parcels(1, 1, 20).assign(weight=np.append(heavy[4000:4199], record)),
    )

    assert "corruption:weight:absurd_value" not in {finding.key for finding in result.findings}


def test_a_column_that_cannot_be_judged_says_so_and_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault is put where a distance is measured: which values bring one about is not known."""
    measure = drift._distances

    def broken(context: CheckContext, name: str) -> dict[str, object]:
        if name == "income":
            raise OverflowError("Numerical result out of range")
        return measure(context, name)

    monkeypatch.setattr(drift, "_distances", broken)
    context = example_context(lambda day: day.assign(amount=1.5 * day["amount"]))
    findings: dict[str, Finding] = {finding.key: finding for finding in run_group(context, "drift")}

    assert findings["drift:amount:shift"].verdict is Verdict.ALERT
    assert findings["drift:income:error"].verdict is Verdict.UNKNOWN
    assert findings["drift:income:error"].failed


def test_a_column_that_never_varied_and_does_now_is_a_change_of_schema() -> None:
    result = checked(lambda rows: rows.assign(insured=np.random.default_rng(2).integers(0, 2, len(rows))))

    assert result.assessment.cause is Cause.SCHEMA_CHANGE
    assert "schema:insured:constant_ended" in result.assessment.finding_keys


def test_a_constant_that_moves_on_by_a_step_has_not_begun_to_vary() -> None:
    result = checked(lambda rows: rows.assign(insured=np.where(np.arange(len(rows)) < 50, 1, 2)))

    assert "schema:insured:constant_ended" not in {finding.key for finding in result.findings}


def test_only_what_is_called_so_or_varies_is_a_calendar() -> None:
    """All rows are of January, of which the month is 1; the flag is 1 for another reason."""
    rows = parcels(0, 20).assign(month=1, year=2026)

    assert set(telling_the_time(SPEC, rows)) == {"month", "year"}


def test_a_constant_that_becomes_a_measurement_has_begun_to_vary() -> None:
    """Each row has a value of its own: there are as many changes as values, and no step holds for long."""
    result = checked(lambda rows: rows.assign(insured=np.random.default_rng(2).gamma(2.0, 50.0, len(rows))))

    assert result.assessment.cause is Cause.SCHEMA_CHANGE
    assert "schema:insured:constant_ended" in result.assessment.finding_keys
