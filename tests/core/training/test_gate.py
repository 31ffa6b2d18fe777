from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.metrics import block_draws, metric
from airmedic_core.scoring import ScoredBatch
from airmedic_core.spec import ModelSpec
from airmedic_core.training.gate import compare, time_blocks
from tests.core.renewals import spec_of

RANDOM = np.random.default_rng(5)


def rows(days: int = 30, per_day: int = 40) -> pd.DataFrame:
    at = pd.date_range("2026-01-01", periods=days * per_day, freq=pd.Timedelta(days=1) / per_day, tz="UTC")
    return pd.DataFrame({"at": at, "plan": np.where(np.arange(len(at)) % 2, "flex", "year")})


FRAME = rows()
LABELS = RANDOM.integers(0, 2, len(FRAME)).astype(float)


def scored(quality: float, labels: np.ndarray = LABELS, seed: int = 0) -> ScoredBatch:
    """Scores that say more of the labels the higher the quality."""
    noise = np.random.default_rng(seed).random(len(labels))
    scores = np.clip(quality * np.nan_to_num(labels, nan=0.5) + (1 - quality) * noise, 0, 1)
    return ScoredBatch(scores, scores >= 0.5, labels, "1")


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    return spec_of(tmp_path)


def of(spec: ModelSpec, **gate: Any) -> ModelSpec:
    return spec.model_copy(update={"gate": spec.gate.model_copy(update=gate)})


def test_a_better_challenger_passes(spec: ModelSpec) -> None:
    result = compare(spec, scored(0.1), scored(0.3, seed=1), FRAME)
    assert result.outcome == "passed"
    assert result.difference is not None
    assert result.difference > 0.1
    assert (result.rows, result.blocks) == (1200, 30)


def test_the_same_scores_pass_without_a_difference(spec: ModelSpec) -> None:
    result = compare(spec, scored(0.2), scored(0.2), FRAME)
    assert (result.outcome, result.difference, result.low, result.high) == ("passed", 0, 0, 0)


def test_a_challenger_of_shuffled_labels_is_refused(spec: ModelSpec) -> None:
    result = compare(spec, scored(0.3), scored(0.0, seed=2), FRAME)
    assert result.outcome == "refused"
    assert "worse by" in result.reasons[0]
    assert "At most 0.010 worse is allowed." in result.reasons[0]


def test_a_wide_interval_does_not_refuse_what_is_surely_not_worse(spec: ModelSpec) -> None:
    few = rows(days=6, per_day=20)
    labels = LABELS[: len(few)]
    result = compare(spec, scored(0.05, labels), scored(0.6, labels, seed=1), few)
    assert result.outcome == "passed"
    assert result.low is not None
    assert result.high is not None
    assert result.high - result.low > 0.05


def test_a_difference_that_the_rows_cannot_tell_is_inconclusive(spec: ModelSpec) -> None:
    few = rows(days=6, per_day=20)
    labels = LABELS[: len(few)]
    result = compare(spec, scored(0.2, labels), scored(0.2, labels, seed=7), few)
    assert result.outcome == "inconclusive"
    assert "cannot rule out" in result.reasons[0]


def test_the_interval_is_that_of_the_differences_on_the_same_draws(spec: ModelSpec) -> None:
    # Done again by repeating rows: the weighted area is checked against scikit-learn in the tests of the metrics.
    old, new = scored(0.1), scored(0.15, seed=1)
    rows_of = [np.flatnonzero(np.arange(len(FRAME)) // 40 == block) for block in range(30)]
    area, differences = metric("roc_auc", "binary"), []
    for draw in block_draws(30):
        drawn = np.concatenate([np.repeat(rows, int(times)) for rows, times in zip(rows_of, draw, strict=True)])
        differences.append(area(LABELS[drawn], new.scores[drawn]) - area(LABELS[drawn], old.scores[drawn]))
    result = compare(spec, old, new, FRAME)
    assert [result.low, result.high] == pytest.approx(np.quantile(differences, [0.025, 0.975]), abs=1e-9)


def test_an_error_is_compared_in_units_of_the_champions(tmp_path: Path) -> None:
    spec = spec_of(tmp_path, task="regression", target="spend")
    truth = RANDOM.normal(100, 10, len(FRAME))
    off = np.where(np.arange(len(FRAME)) % 2, 1.0, -1.0)
    old = ScoredBatch(truth + 10 * off, truth, truth, "1")
    new = ScoredBatch(truth + 6 * off, truth, truth, "2")
    result = compare(spec, old, new, FRAME)
    # (10 − 6) / 10, by hand: a lower error is a positive difference.
    assert (result.outcome, result.difference) == ("passed", pytest.approx(0.4))
    assert compare(spec, new, old, FRAME).difference == pytest.approx(-4 / 6)


@pytest.mark.parametrize(
    ("labels", "outcome", "reason"),
    [
        (np.full(len(FRAME), np.nan), "not_comparable", "No row has a label"),
        (np.ones(len(FRAME)), "not_comparable", "labels are the same"),
        (np.where(np.arange(len(FRAME)) < 50, LABELS, np.nan), "inconclusive", "too few"),
    ],
)
def test_rows_that_cannot_decide_never_pass(spec: ModelSpec, labels: np.ndarray, outcome: str, reason: str) -> None:
    result = compare(spec, scored(0.1, labels), scored(0.9, labels), FRAME)
    assert result.outcome == outcome
    assert reason in result.reasons[0]


def test_too_few_blocks_are_inconclusive_however_many_rows(spec: ModelSpec) -> None:
    at_once = FRAME.assign(at=FRAME["at"].iloc[0])
    result = compare(spec, scored(0.1), scored(0.9), at_once)
    assert (result.outcome, result.blocks) == ("inconclusive", 1)


def test_predictions_that_are_not_finite_are_refused(spec: ModelSpec) -> None:
    broken = scored(0.9)
    broken.scores[3] = np.nan
    result = compare(spec, scored(0.1), broken, FRAME)
    assert result.outcome == "refused"
    assert "1 predictions" in result.reasons[0]


def test_a_metric_that_does_not_exist_is_not_comparable(spec: ModelSpec) -> None:
    result = compare(of(spec, metric="mae"), scored(0.1), scored(0.9), FRAME)
    assert result.outcome == "not_comparable"
    assert "'mae'" in result.reasons[0]


def test_a_segment_that_is_clearly_worse_refuses_a_challenger_that_is_better_overall(spec: ModelSpec) -> None:
    flex = np.asarray(FRAME["plan"] == "flex")
    old, good = scored(0.3), scored(0.9, seed=1)
    mixed = np.where(flex, np.random.default_rng(9).random(len(FRAME)), good.scores)
    new = ScoredBatch(mixed, mixed >= 0.5, LABELS, "2")
    by_plan = spec.model_copy(update={"segments": ("plan", "absent")})
    assert compare(spec, old, new, FRAME).outcome == "passed"
    result = compare(by_plan, old, new, FRAME)
    assert result.outcome == "refused"
    assert "plan=flex" in result.reasons[1]
    assert [segment["segment"] for segment in result.segments] == ["plan=year", "plan=flex"]


def test_reasons_name_no_value_of_a_private_column(spec: ModelSpec) -> None:
    flex = np.asarray(FRAME["plan"] == "flex")
    mixed = np.where(flex, np.random.default_rng(9).random(len(FRAME)), scored(0.9, seed=1).scores)
    new = ScoredBatch(mixed, mixed >= 0.5, LABELS, "2")
    private = spec.model_copy(update={"segments": ("plan",), "private": ("plan",)})
    result = compare(private, scored(0.3), new, FRAME)
    assert [segment["segment"] for segment in result.segments if segment["clearly_worse"]] == ["plan=flex"]
    assert result.reasons[1] == "Clearly worse in 1 segment of a private column."


def test_blocks_are_the_longest_unit_that_gives_enough_of_them() -> None:
    def of_days(days: float, freq: str) -> tuple[int, str]:
        times = pd.Series(pd.date_range("2026-01-05", periods=int(days * 24), freq=freq, tz="UTC"))
        _, count, unit = time_blocks(times)
        return count, unit

    # 2026-01-05 is a Monday: 84 days are 12 whole weeks.
    assert of_days(84, "h") == (12, "week")
    assert of_days(77, "h") == (77, "day")
    assert of_days(2, "h") == (48, "hour")
