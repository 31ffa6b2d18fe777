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
    spec = parse_spec(
        {
            "name": "river", "task": "regression", "target": "flow",
            "data": {"path": "river.parquet", "time_column": "at"},
            "features": {"numeric": ["slope", "rough"]}, "window": {"every": "day", "min_rows": 50},
        }
    )  # fmt: skip
    today = heights(1, 1, DAYS)
    return check_pair(spec, heights(0, DAYS), today.assign(flow=change(today["flow"])))


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
