from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from airmedic_core.errors import SpecError
from airmedic_core.metrics import block_draws, interval, losses, metric, metrics_for, time_blocks

RANDOM = np.random.default_rng(3)
ROWS = 400
LABELS = RANDOM.integers(0, 2, ROWS).astype(float)
# Rounded, so that there are ties.
SCORES = np.clip((LABELS * 0.3 + RANDOM.random(ROWS) * 0.8).round(2), 0.01, 0.99)
CLASSES = RANDOM.integers(0, 3, ROWS).astype(float)
PROBABILITIES = RANDOM.dirichlet([1, 1, 1], ROWS)
VALUES = RANDOM.normal(50, 10, ROWS)
PREDICTED = VALUES + RANDOM.normal(1, 4, ROWS)

SCIKIT = {
    ("binary", "roc_auc"): lambda w: sk.roc_auc_score(LABELS, SCORES, sample_weight=w),
    ("binary", "average_precision"): lambda w: sk.average_precision_score(LABELS, SCORES, sample_weight=w),
    ("binary", "log_loss"): lambda w: sk.log_loss(LABELS, SCORES, sample_weight=w),
    ("binary", "brier"): lambda w: sk.brier_score_loss(LABELS, SCORES, sample_weight=w),
    ("binary", "accuracy"): lambda w: sk.accuracy_score(LABELS, SCORES >= 0.5, sample_weight=w),
    ("binary", "f1"): lambda w: sk.f1_score(LABELS, SCORES >= 0.5, sample_weight=w),
    ("multiclass", "accuracy"): lambda w: sk.accuracy_score(CLASSES, PROBABILITIES.argmax(1), sample_weight=w),
    ("multiclass", "log_loss"): lambda w: sk.log_loss(CLASSES, PROBABILITIES, sample_weight=w),
    ("multiclass", "f1_macro"): lambda w: sk.f1_score(
        CLASSES, PROBABILITIES.argmax(1), sample_weight=w, average="macro"
    ),
    ("regression", "mae"): lambda w: sk.mean_absolute_error(VALUES, PREDICTED, sample_weight=w),
    ("regression", "rmse"): lambda w: sk.root_mean_squared_error(VALUES, PREDICTED, sample_weight=w),
    ("regression", "r2"): lambda w: sk.r2_score(VALUES, PREDICTED, sample_weight=w),
}
DATA = {"binary": (LABELS, SCORES), "multiclass": (CLASSES, PROBABILITIES), "regression": (VALUES, PREDICTED)}


def test_every_metric_is_compared_with_scikit_learn() -> None:
    assert set(SCIKIT) == {(task, name) for task in DATA for name in metrics_for(task)}


@pytest.mark.parametrize(("task", "name"), SCIKIT)
def test_a_metric_is_scikit_learns(task: str, name: str) -> None:
    assert metric(name, task)(*DATA[task]) == pytest.approx(SCIKIT[task, name](np.ones(ROWS)), abs=1e-12)


@pytest.mark.parametrize(("task", "name"), SCIKIT)
def test_a_resample_is_the_metric_with_rows_weighted_by_their_block(task: str, name: str) -> None:
    blocks = np.arange(ROWS) // 40
    draws = block_draws(10, resamples=5, seed=1)
    resampled = metric(name, task).resampled(*DATA[task], blocks, draws)
    assert resampled == pytest.approx([SCIKIT[task, name](draw[blocks]) for draw in draws], abs=1e-10)


def test_a_metric_that_is_not_defined_is_not_a_number() -> None:
    one_class = np.ones(5)
    assert np.isnan(metric("roc_auc", "binary")(one_class, np.linspace(0.1, 0.9, 5)))
    assert np.isnan(metric("mae", "regression")(np.empty(0), np.empty(0)))


def test_losses_are_log_loss_and_absolute_error() -> None:
    assert losses("binary", np.array([1.0, 0.0]), np.array([0.8, 0.8])) == pytest.approx(-np.log([0.8, 0.2]))
    assert losses("multiclass", np.array([1.0]), np.array([[0.2, 0.5, 0.3]])) == pytest.approx(-np.log([0.5]))
    assert losses("regression", np.array([3.0]), np.array([5.0])) == pytest.approx([2.0])
    assert np.isfinite(losses("binary", np.array([1.0]), np.array([0.0]))).all()


def test_each_resample_draws_as_many_blocks_as_there_are() -> None:
    draws = block_draws(7, resamples=50)
    assert draws.shape == (50, 7)
    assert (draws.sum(axis=1) == 7).all()


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    # Blocks of one row: the bootstrap of a mean of n rows is normal with the standard error s / √n.
    errors = np.random.default_rng(0).normal(10, 2, 400)
    bounds = interval(metric("mae", "regression"), errors, np.zeros(400), np.arange(400), resamples=4000)
    half = 1.96 * errors.std() / np.sqrt(400)
    assert bounds.value == pytest.approx(errors.mean())
    assert bounds.low == pytest.approx(errors.mean() - half, abs=0.03)
    assert bounds.high == pytest.approx(errors.mean() + half, abs=0.03)


def test_one_block_has_no_interval() -> None:
    bounds = interval(metric("mae", "regression"), np.ones(9), np.zeros(9), np.zeros(9, dtype=np.int64))
    assert bounds.value == 1
    assert np.isnan([bounds.low, bounds.high]).all()


def test_an_unknown_metric_names_the_closest() -> None:
    with pytest.raises(SpecError, match="Did you mean 'roc_auc'"):
        metric("roc_auk", "binary")


def test_the_error_of_an_area_counts_the_rows_of_the_rarer_class() -> None:
    """By hand: one positive and one negative in order, shrunk to 0.75, give √(0.75 · 0.25) by Hanley and McNeil."""
    area = metric("roc_auc", "binary")
    pair = np.array([0.0, 1.0])
    assert area.least_error(pair, pair, 1.0) == pytest.approx(0.1875**0.5)
    # With ten rows of each class resamples know as much.
    labels = np.repeat([1.0, 0.0], [10, 50])
    assert area.least_error(labels, labels, 0.8) == 0.0


def test_a_log_loss_without_a_row_of_the_rare_class_is_not_known_exactly() -> None:
    """One more row of it, which was expected once in 100 rows, would add ln 100 to 150 losses."""
    labels, scores = np.zeros(150), np.full(150, 0.01)
    known = interval(metric("log_loss", "binary"), labels, scores, time_blocks(150))
    assert known.high - known.low < 1e-9
    assert known.standard_error == pytest.approx(np.log(100) / 150)


def test_the_error_that_is_known_stands_where_resamples_tell_none() -> None:
    """Two rows make one block, which resamples cannot tell from itself.

    By hand, Hanley and McNeil at 0.75 with one positive and one negative: √(0.75 · 0.25).
    """
    pair = interval(metric("roc_auc", "binary"), np.array([0.0, 1.0]), np.array([0.2, 0.8]), time_blocks(2))
    assert np.isnan(pair.low)
    assert pair.standard_error == pytest.approx(0.1875**0.5)
    # Without either, it is not zero: nothing is known.
    alone = interval(metric("mae", "regression"), np.array([1.0, 2.0]), np.array([1.5, 2.5]), time_blocks(2))
    assert np.isnan(alone.low)
    assert np.isnan(alone.standard_error)
