"""Labels that are none: a target of one value, stand-ins, another unit or another place, and a class mix that moved."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from airmedic_core.checks import run_group
from airmedic_core.comparison import CheckContext
from airmedic_core.measures.label_history import LabelHistory
from airmedic_core.pair import PairCheck, check_pair
from airmedic_core.records import Cause, Finding, Verdict
from airmedic_core.simulate.example import example_context
from airmedic_core.spec import parse_spec

ROWS, DAYS = 240, 20
RIVER = parse_spec(
    {
        "name": "river", "task": "regression", "target": "flow",
        "data": {"path": "river.parquet", "time_column": "at"},
        "features": {"numeric": ["slope", "rough"]}, "window": {"every": "day", "min_rows": 50},
    }
)  # fmt: skip


def heights(seed: int, days: int, first: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = ROWS * days
    slope = rng.normal(size=n)
    at = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(
        first * 86_400 + np.arange(n) * (86_400 // ROWS), unit="s"
    )
    flow = 90.0 + 20.0 * slope + rng.normal(0.0, 8.0, n)
    return pd.DataFrame({"at": at, "slope": slope, "rough": rng.normal(size=n), "flow": flow})


def checked(change: Callable[[pd.Series], pd.Series]) -> PairCheck:
    today = heights(1, 1, DAYS)
    return check_pair(RIVER, heights(0, DAYS), today.assign(flow=change(today["flow"])))


@pytest.mark.parametrize(
    ("change", "cause", "statistic"),
    [
        (lambda flow: flow * 0 - 200.0, Cause.DATA_CORRUPTION, "constant"),
        (lambda flow: flow.where(np.arange(len(flow)) % 5 > 0, -200.0), Cause.DATA_CORRUPTION, "stand_in"),
        (lambda flow: flow * 1000.0, Cause.UNIT_CHANGE, "converted"),
        (lambda flow: flow / 100.0, Cause.UNIT_CHANGE, "converted"),
        (lambda flow: 900.0 - 3.3 * flow, Cause.DATA_CORRUPTION, "elsewhere"),
    ],
)
def test_broken_labels_are_a_fault_of_the_data_and_nobody_is_told_to_retrain(
    change: Callable[[pd.Series], pd.Series], cause: Cause, statistic: str
) -> None:
    result = checked(change)

    assert result.assessment.cause is cause
    assert f"target_values:flow:{statistic}" in result.assessment.finding_keys
    assert all(action.action != "retrain" for action in result.recommended)


def _sold(seed: int, days: int, first: int = 0) -> pd.DataFrame:
    """Return sales of which half are none at all, the others a price that goes with an input."""
    rng = np.random.default_rng(seed)
    rows = heights(seed, days, first)
    price = np.exp(3.0 + 0.5 * rows["slope"] + rng.normal(0.0, 0.3, len(rows))).round(2)
    return rows.assign(flow=price.where(rng.random(len(rows)) < 0.5, 0.0))


@pytest.mark.parametrize(
    ("change", "cause", "statistic"),
    [
        (lambda sold: sold, Cause.HEALTHY, ""),
        (lambda sold: sold * 1000.0, Cause.UNIT_CHANGE, "converted"),
        (lambda sold: sold / 100.0, Cause.UNIT_CHANGE, "converted"),
        (lambda sold: -sold, Cause.DATA_CORRUPTION, "turned"),
        (lambda sold: sold.where(np.arange(len(sold)) % 3 > 0, -sold), Cause.DATA_CORRUPTION, "turned"),
    ],
)
def test_zeros_do_not_hide_what_happened_to_all_other_labels(
    change: Callable[[pd.Series], pd.Series], cause: Cause, statistic: str
) -> None:
    """A zero is a zero in any unit and with either sign: half of the labels are where they were."""
    today = _sold(1, 1, DAYS)
    result = check_pair(RIVER, _sold(0, DAYS), today.assign(flow=change(today["flow"])))

    assert result.assessment.cause is cause
    assert not statistic or f"target_values:flow:{statistic}" in result.assessment.finding_keys
    assert all(action.action != "retrain" for action in result.recommended)


def test_labels_with_the_other_sign_are_a_fault_where_some_always_were_below_zero() -> None:
    """The labels are about 90 with a spread of 22: a few are negative in any month, and all but those are now."""
    result = checked(lambda flow: -flow)

    assert result.assessment.cause is Cause.DATA_CORRUPTION
    assert "target_values:flow:turned" in result.assessment.finding_keys


@pytest.mark.parametrize(
    "change", [lambda flow: flow.clip(upper=105.0), lambda flow: flow.clip(lower=75.0)], ids=["above", "below"]
)
def test_labels_that_stop_at_a_limit_are_cut_off(change: Callable[[pd.Series], pd.Series]) -> None:
    """A quarter of normal labels lies beyond two thirds of their spread: those read the limit now."""
    result = checked(change)

    assert result.assessment.cause is Cause.DATA_CORRUPTION
    assert "target_values:flow:limited" in result.assessment.finding_keys
    assert all(action.action != "retrain" for action in result.recommended)


def test_labels_that_only_fell_are_not_cut_off() -> None:
    """None lies beyond 105 any more, and none lies at it."""
    result = checked(lambda flow: flow.where(flow < 105.0, flow - 45.0))

    assert not [finding for finding in result.findings if finding.statistic == "limited"]


def test_labels_that_grew_by_half_of_their_range_are_none_of_the_labels_faults() -> None:
    """A relation that changed is concept drift, as it was."""
    result = checked(lambda flow: flow + 60.0)

    assert result.assessment.cause is Cause.CONCEPT_DRIFT


def test_labels_as_ever_are_in_order() -> None:
    findings = {finding.key: finding for finding in checked(lambda flow: flow).findings}

    assert findings["target_values:flow:values"].verdict is Verdict.OK


def mix_of(context: CheckContext) -> Finding:
    [mix] = [finding for finding in run_group(context, "performance") if finding.statistic == "class_mix"]
    return mix


def more_positives(times: int) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Draw the rows of the positive class several times as often: inputs given the class stay as they were."""

    def change(day: pd.DataFrame) -> pd.DataFrame:
        drawn = day.sample(len(day), replace=True, weights=np.where(day["default"] > 0, times, 1.0), random_state=0)
        return drawn.assign(at=day["at"].to_numpy())

    return change


def test_a_class_mix_that_moved_for_certain_is_label_shift_before_it_costs_anything() -> None:
    """Of 200 labels 32 % were positive and 54 % are (binomial p < 1e-10); the loss is one that this team lives with."""
    tolerant = {"performance": {"least_drop": 0.2, "least_relative_drop": 0.5}}
    context = example_context(more_positives(3), checks=tolerant)
    mix = mix_of(context)

    assert (mix.verdict, mix.suggests) == (Verdict.ALERT, (Cause.LABEL_SHIFT,))
    findings = run_group(context, "performance")
    assert not [finding for finding in findings if finding.check == "performance" and finding.verdict is Verdict.ALERT]


@pytest.mark.parametrize(("share", "alone"), [(0.34, True), (0.24, False)])
def test_a_class_mix_is_held_against_the_parts_of_the_reference(share: float, alone: bool) -> None:
    from airmedic_core.measures.label_history import chance_of_share

    rng = np.random.default_rng(0)
    before = (rng.random(4000) < 0.21).astype(object)
    now = (np.arange(400) < 400 * share).astype(object)
    history = LabelHistory(before, now)

    assert (chance_of_share(*history.shares(1), rows=400, rows_before=4000) < 1e-4) is alone


LONG_TAIL = np.round(np.exp(np.random.default_rng(7).normal(8.0, 1.0, ROWS * (DAYS + 1))), 2)
"""Prices from about 100 to 100,000: their range says nothing of how far below the cheapest one none was."""


def prices(labels: Callable[[np.ndarray], np.ndarray]) -> PairCheck:
    spec = parse_spec(
        {
            "name": "stones", "task": "regression", "target": "flow",
            "data": {"path": "stones.parquet", "time_column": "at"},
            "features": {"numeric": ["slope", "rough"]}, "window": {"every": "day", "min_rows": 50},
        }
    )  # fmt: skip
    before, today = heights(0, DAYS), heights(1, 1, DAYS)
    known, now = LONG_TAIL[: len(before)], LONG_TAIL[len(before) :]
    return check_pair(spec, before.assign(flow=known), today.assign(flow=labels(now)))


@pytest.mark.parametrize("value", [-200.0, 0.0])
def test_a_stand_in_below_labels_of_a_long_tail_is_told_by_how_close_the_others_lie(value: float) -> None:
    result = prices(lambda labels: np.where(np.arange(len(labels)) % 3 == 0, value, labels))

    assert result.assessment.cause is Cause.DATA_CORRUPTION
    assert "target_values:flow:stand_in" in result.assessment.finding_keys


def test_a_value_among_the_others_that_took_rows_from_all_alike_is_a_stand_in() -> None:
    """Heights of 90 ± 20 with 100 in every third row: all others lie where they always did."""
    result = checked(lambda flow: flow.where(np.arange(len(flow)) % 3 > 0, 100.0))

    assert "target_values:flow:stand_in" in result.assessment.finding_keys
    assert result.assessment.cause is Cause.DATA_CORRUPTION


def test_labels_that_moved_to_a_value_with_all_others_are_no_stand_ins() -> None:
    """A sluice that is opened at 130: a third of the labels is at the mark, and the others have moved too."""
    result = checked(lambda flow: (flow + 50.0).clip(upper=130.0))

    assert "target_values:flow:stand_in" not in result.assessment.finding_keys


def test_a_season_of_the_labels_in_another_unit_is_no_concept_drift() -> None:
    """Divided by 100, labels from the upper part of the range lie among all seasons again, and not on top of them."""
    result = checked(lambda flow: (100.0 + 0.4 * flow) / 100.0)

    assert result.assessment.cause is Cause.UNIT_CHANGE
    assert "target_values:flow:converted" in result.assessment.finding_keys


def test_labels_around_zero_in_another_unit_stay_around_zero() -> None:
    """Delays in minutes that arrive in hours: their middle does not move, and their spread is a sixtieth."""
    spec = parse_spec(
        {
            "name": "trains", "task": "regression", "target": "flow",
            "data": {"path": "trains.parquet", "time_column": "at"},
            "features": {"numeric": ["slope", "rough"]}, "window": {"every": "day", "min_rows": 50},
        }
    )  # fmt: skip
    before, today = (frame.assign(flow=frame["flow"] - 85.0) for frame in (heights(0, DAYS), heights(1, 1, DAYS)))
    result = check_pair(spec, before, today.assign(flow=today["flow"] / 60.0))

    assert result.assessment.cause is Cause.UNIT_CHANGE


def delays(before: np.ndarray, now: np.ndarray) -> PairCheck:
    """Check labels around zero, with inputs that say nothing of them."""
    spec = parse_spec(
        {
            "name": "air", "task": "regression", "target": "flow",
            "data": {"path": "air.parquet", "time_column": "at"},
            "features": {"numeric": ["slope", "rough"]}, "window": {"every": "day", "min_rows": 50},
        }
    )  # fmt: skip
    days = len(before) // ROWS
    return check_pair(spec, heights(0, days).assign(flow=before), heights(1, 1, days).assign(flow=now))


@pytest.mark.parametrize("spread", [6.0, 8.0, 12.0])
def test_a_day_around_zero_among_days_that_lie_apart_is_in_no_other_unit(spread: float) -> None:
    """Air temperature: each day varies by half a degree around its own mean, and the days by many."""
    rng = np.random.default_rng(3)
    means = np.repeat(rng.normal(0.0, spread, 60), ROWS)
    result = delays(means + rng.normal(0.0, 0.5, len(means)), rng.normal(0.0, 0.5, ROWS))

    assert "target_values:flow:converted" not in result.assessment.finding_keys
    assert result.assessment.cause is not Cause.UNIT_CHANGE


@pytest.mark.parametrize("times", [5.5, 7.0, 12.0])
def test_a_restless_day_that_no_round_factor_explains_is_in_no_other_unit(times: float) -> None:
    """A tenth of its spread would still be no spread that any of sixty steady days had."""
    rng = np.random.default_rng(4)
    result = delays(rng.normal(0.0, 1.0, 60 * ROWS), rng.normal(0.0, times, ROWS))

    assert "target_values:flow:converted" not in result.assessment.finding_keys


def test_a_restless_day_is_held_against_the_restless_days_before_it() -> None:
    """Ten times the usual spread is half of what a tenth of the days had."""
    rng = np.random.default_rng(5)
    wide = np.repeat(np.where(np.arange(60) % 10 == 7, 20.0, 1.0), ROWS)
    result = delays(rng.normal(0.0, 1.0, 60 * ROWS) * wide, rng.normal(0.0, 10.0, ROWS))

    assert "target_values:flow:converted" not in result.assessment.finding_keys


def test_a_value_that_was_always_among_the_labels_is_no_stand_in() -> None:
    """Sales, of which 2 % are 0 on each day, and 12 % on a holiday."""
    before, today = heights(0, DAYS), heights(1, 1, DAYS)
    sold = before["flow"].mask(np.arange(len(before)) % 50 == 0, 0.0)
    holiday = today["flow"].mask(np.arange(len(today)) % 8 == 0, 0.0)
    result = delays(sold.to_numpy(), holiday.to_numpy())

    assert "target_values:flow:stand_in" not in result.assessment.finding_keys
    assert result.assessment.cause is not Cause.DATA_CORRUPTION
