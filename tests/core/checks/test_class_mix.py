"""Whether another share of the classes is all that a loss comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from airmedic_core.checks.concept.class_mix import ClassMix, class_mix
from airmedic_core.comparison.context import LabelledRows
from airmedic_core.metrics import losses

BEFORE, NOW, DAYS = 30_000, 3_000, 20


def rows(shares: list[float], count: int, *, seed: int, turned: bool = False) -> LabelledRows:
    """Rows of classes with one normal input each, scored by the chances of the first mix of its length."""
    usual = {2: [0.97, 0.03], 3: [0.5, 0.3, 0.2]}[len(shares)]
    rng = np.random.default_rng(seed)
    classes = np.arange(len(shares))
    labels = rng.choice(classes, count, p=shares)
    signal = (labels[::-1] if turned else labels)[:, None] == classes
    inputs = 1.5 * signal + rng.normal(size=(count, len(shares)))
    chances: NDArray[np.float64] = np.asarray(usual) * np.exp(1.5 * inputs)
    chances /= chances.sum(axis=1, keepdims=True)
    task, scores = ("multiclass", chances) if len(shares) > 2 else ("binary", chances[:, 1])
    truth = labels.astype(float)
    days = np.arange(count) * DAYS // count
    return LabelledRows(pd.DataFrame(), truth, scores, losses(task, truth, scores), days.astype(np.intp))


def mix_of(usual: list[float], shares: list[float], *, seed: int = 1, turned: bool = False) -> ClassMix:
    mix = class_mix(
        rows(usual, BEFORE, seed=0), rows(shares, NOW, seed=seed, turned=turned), least_change=0.05, least_gain=0.02
    )
    assert mix is not None
    return mix


@pytest.mark.parametrize(
    ("usual", "shares", "position"),
    [
        ([0.97, 0.03], [0.94, 0.06], 1),
        ([0.5, 0.3, 0.2], [0.3, 0.3, 0.4], 2),
        ([0.5, 0.3, 0.2], [0.6, 0.1, 0.3], 1),
    ],
    ids=["a rare class doubles", "one of three classes doubles", "two of three classes move"],
)
def test_a_moved_class_mix_explains_the_loss(usual: list[float], shares: list[float], position: int) -> None:
    mix = mix_of(usual, shares)
    assert mix.moved
    assert mix.explains
    assert mix.position == position
    assert mix.now == pytest.approx(shares[position], abs=0.03)


def test_the_usual_mix_explains_nothing() -> None:
    for seed in range(1, 40):
        for usual in ([0.97, 0.03], [0.5, 0.3, 0.2]):
            assert not mix_of(usual, usual, seed=seed).moved


def test_a_rare_class_that_grows_by_a_third_is_of_no_interest() -> None:
    assert not mix_of([0.97, 0.03], [0.96, 0.04]).moved


def test_a_turned_relation_is_not_explained_by_the_mix() -> None:
    mix = mix_of([0.5, 0.3, 0.2], [0.2, 0.3, 0.5], turned=True)
    assert mix.moved
    assert not mix.explains


def test_a_class_that_the_baseline_lacks_cannot_be_compared() -> None:
    before, now = rows([1.0, 0.0], BEFORE, seed=0), rows([0.9, 0.1], NOW, seed=1)
    assert class_mix(before, now, least_change=0.05, least_gain=0.02) is None


def test_labels_that_are_lost_leave_the_scores_of_the_usual_mix() -> None:
    """Half of the rows are positive; once three of four positives read as negative, the scores still say half."""
    before, now = rows([0.5, 0.5], BEFORE, seed=0), rows([0.5, 0.5], NOW, seed=1)
    lost = np.where(np.random.default_rng(2).random(NOW) < 0.75, 0.0, now.labels)
    damaged = replace(now, labels=lost, losses=losses("binary", lost, now.scores))
    true = rows([0.875, 0.125], NOW, seed=1)

    mixes = [class_mix(before, window, least_change=0.05, least_gain=0.02) for window in (damaged, true)]

    assert [(mix.moved, mix.unseen) for mix in mixes if mix] == [(True, True), (True, False)]


def test_more_positives_than_the_scores_tell_are_no_lost_labels() -> None:
    """A wave of fraud: half of the negatives become positive, among the inputs and scores of ever."""
    before, now = rows([0.5, 0.5], BEFORE, seed=0), rows([0.5, 0.5], NOW, seed=1)
    wave = np.where(np.random.default_rng(2).random(NOW) < 0.5, 1.0, now.labels)
    changed = replace(now, labels=wave, losses=losses("binary", wave, now.scores))

    mix = class_mix(before, changed, least_change=0.05, least_gain=0.02)

    assert mix is not None
    assert (mix.moved, mix.unseen) == (True, False)
