"""The labelled pairs: what counts as right, as forbidden and as an alarm, and the figures made of it."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

# These scripts import each other by name.
from airmedic_core.records import Cause
from airmedic_core.spec import parse_spec
from labelled.answer import answer, answers
from labelled.case import LabelledCase, Rows
from labelled.figures import Rate, overall, rate, wrong
from labelled.psi import largest_psi
from labelled.real import FOLDER, real_windows

SPEC = {
    "name": "orders",
    "task": "regression",
    "target": "amount",
    "data": {"source": "file", "path": "rows.parquet", "time_column": "time"},
    "features": {"numeric": ["size"], "categorical": []},
}


def _rows(*, blank: float) -> Rows:
    rng = np.random.default_rng(5)
    size = rng.normal(10, 2, 1200)
    times = pd.date_range("2024-01-01", periods=1200, freq="h")
    rows = pd.DataFrame({"time": times, "size": size, "amount": 3 * size + rng.normal(0, 1, 1200)})
    reference, current = rows[:1000].reset_index(drop=True), rows[1000:].reset_index(drop=True)
    current.loc[rng.random(len(current)) < blank, "size"] = np.nan
    return reference, current


def _case(*, blank: float, accept: tuple[str, ...], must_not: Collection[str] = ()) -> LabelledCase:
    return LabelledCase(
        name="orders",
        collection="test",
        domain="orders",
        kind=accept[0],
        accept=accept,
        healthy=accept == ("healthy",),
        spec=SPEC,
        build=lambda: _rows(blank=blank),
        must_not=frozenset(must_not),
    )


def test_an_answer_is_right_and_precise_only_where_its_cause_is() -> None:
    precise = answer(_case(blank=0.4, accept=("data_corruption", "schema_change")))
    assert precise.right
    assert precise.precise
    second = answer(_case(blank=0.4, accept=("schema_change", "data_corruption")))
    assert second.right
    assert not second.precise


def test_a_cause_or_an_action_without_a_condition_is_forbidden_where_the_truth_says_so() -> None:
    said = answer(
        _case(blank=0.4, accept=("healthy",), must_not=frozenset({"data_corruption", "quarantine", "rerun_pipeline"}))
    )
    # `rerun_pipeline` is recommended on a condition only, which does no harm.
    assert said.forbidden == ("data_corruption", "quarantine")
    assert "orders" in wrong([said])


def test_a_quiet_pair_is_healthy() -> None:
    said = answer(_case(blank=0.0, accept=("healthy",), must_not=["data_corruption"]))
    assert (said.cause, said.alarm, said.forbidden) == ("healthy", False, ())


def test_what_cannot_be_checked_counts_as_no_answer() -> None:
    reference, _ = _rows(blank=0.0)
    empty = LabelledCase(
        "none", "test", "orders", "healthy", ("healthy",), True, SPEC, lambda: (reference, reference[:0])
    )
    said = answer(empty)
    assert said.failed
    assert not said.right
    assert not said.alarm


def test_answers_come_in_order_whatever_the_number_of_jobs() -> None:
    cases = [_case(blank=0.4, accept=("data_corruption",)), _case(blank=0.0, accept=("healthy",))]
    assert [said.cause for said in answers(cases, jobs=2)] == ["data_corruption", "healthy"]


def test_a_rate_has_the_exact_binomial_interval() -> None:
    # None of ten: 1 - 0.025 ** (1 / 10), by hand from Clopper and Pearson.
    assert Rate(0, 10).interval == pytest.approx((0.0, 1 - 0.025**0.1))
    assert rate([1, 2, 3], lambda number: number > 1) == Rate(2, 3)


def test_figures_count_detection_only_where_healthy_is_no_right_answer() -> None:
    said = answer(_case(blank=0.4, accept=("data_corruption",)))
    text = overall([said])
    assert "detected, where healthy is no right answer | 1 of 1" in text
    assert "false alarms" not in text


def test_the_stability_index_is_that_of_a_hand_computation() -> None:
    before, now = pd.DataFrame({"kind": ["a"] * 5 + ["b"] * 5}), pd.DataFrame({"kind": ["a"] * 8 + ["b"] * 2})
    by_hand = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert largest_psi(before, now, {"numeric": [], "categorical": ["kind"]}) == pytest.approx(by_hand)


def test_the_stability_index_of_a_number_counts_its_nulls() -> None:
    before = pd.DataFrame({"size": np.arange(1000.0)})
    assert largest_psi(before, before, {"numeric": ["size"], "categorical": []}) == pytest.approx(0.0)
    now = before.where(before["size"] % 2 == 0)
    assert largest_psi(before, now, {"numeric": ["size"], "categorical": []}) > 1.0


@pytest.mark.skipif(not (FOLDER / "truth.json").exists(), reason="AIRMEDIC_DATA does not hold real windows")
def test_real_windows_name_known_causes_and_have_valid_specs() -> None:
    cases = real_windows()
    assert cases
    for case in cases:
        parse_spec(case.spec)
        assert set(case.accept) <= set(Cause)
        assert case.must_not <= {*Cause, "retrain"}
        assert not case.must_not & set(case.accept)
