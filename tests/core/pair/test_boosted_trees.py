"""Trees that are fitted for one comparison. What they should be as good as comes from scikit-learn's boosting."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, r2_score, roc_auc_score

from airmedic_core.metrics import Array
from airmedic_core.pair.boosted_trees import BoostedTrees, Codes

ROWS = 4000


@pytest.fixture
def inputs() -> Codes:
    return np.random.default_rng(1).integers(0, 40, (6, ROWS), dtype=np.uint8)


def _signal(codes: Codes) -> Array:
    """Return what depends on a column alone, and on two together."""
    return np.asarray(codes[0] / 10.0 + np.where(codes[1] > 20, 2.0, -1.0) * (codes[2] < 15))


def test_values_are_told_as_well_as_by_scikit_learn(inputs: Codes) -> None:
    target = _signal(inputs) + np.random.default_rng(2).normal(0, 0.5, ROWS)
    trees = BoostedTrees.fitted(inputs[:, :3000], target[None, :3000], probabilities=False)
    theirs = HistGradientBoostingRegressor(max_iter=150, random_state=0).fit(inputs[:, :3000].T, target[:3000])
    expected = r2_score(target[3000:], theirs.predict(inputs[:, 3000:].T))
    assert expected > 0.8
    assert r2_score(target[3000:], trees.predict(inputs[:, 3000:])[0]) > expected - 0.02


def test_chances_are_told_as_well_as_by_scikit_learn(inputs: Codes) -> None:
    chance = 1 / (1 + np.exp(-2 * (_signal(inputs) - 2)))
    target = (np.random.default_rng(2).random(ROWS) < chance).astype(float)
    trees = BoostedTrees.fitted(inputs[:, :3000], target[None, :3000], probabilities=True)
    theirs = HistGradientBoostingClassifier(max_iter=150, random_state=0).fit(inputs[:, :3000].T, target[:3000])
    expected, said = theirs.predict_proba(inputs[:, 3000:].T)[:, 1], trees.predict(inputs[:, 3000:])[0]
    assert roc_auc_score(target[3000:], expected) > 0.8
    assert roc_auc_score(target[3000:], said) > roc_auc_score(target[3000:], expected) - 0.01
    assert log_loss(target[3000:], said) < log_loss(target[3000:], expected) + 0.01


@pytest.mark.parametrize("classes", [3, 12])
def test_chances_of_classes_sum_to_one_and_the_likeliest_is_right(inputs: Codes, classes: int) -> None:
    """Of twelve classes, the questions of a tree are chosen for a few only."""
    place = inputs[3].astype(int) * classes // 40
    truth = (place == np.arange(classes)[:, None]).astype(float)
    said = BoostedTrees.fitted(inputs[:, :3000], truth[:, :3000], probabilities=True).predict(inputs[:, 3000:])
    assert said.shape == (classes, 1000)
    assert said.sum(axis=0) == pytest.approx(1.0)
    assert (said.argmax(axis=0) == place[3000:]).mean() > 0.95


def test_all_rows_count_where_there_are_more_than_a_tree_sees() -> None:
    """Each tree sees 6,000 rows at the most: a column that matters in 1 of 50 rows is learned from 20,000."""
    draw = np.random.default_rng(3)
    codes = np.stack([(draw.random(20_000) < 0.02), draw.random(20_000) < 0.5]).astype(np.uint8)
    trees = BoostedTrees.fitted(codes, codes[:1] * 7.0, probabilities=False)
    assert trees.predict(np.array([[0, 1], [1, 0]], dtype=np.uint8))[0] == pytest.approx([0.0, 7.0], abs=0.3)


def test_the_same_rows_give_the_same_trees(inputs: Codes) -> None:
    target = _signal(inputs)[None]
    first, second = (BoostedTrees.fitted(inputs, target, probabilities=False).predict(inputs) for _ in range(2))
    assert (first == second).all()
