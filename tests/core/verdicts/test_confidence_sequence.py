"""Intervals that may be looked at after each block."""

import numpy as np
import pytest
from scipy import integrate, stats

from airmedic_core.verdicts.confidence_sequence import (
    LEAST_BLOCKS,
    PRIOR_BLOCKS,
    Interval,
    interval_of,
    judge,
    running_interval,
)

LIMIT = 0.05


def test_the_ends_are_where_the_mixture_is_twenty_times_as_likely():
    """The closed form is held against the mixture itself, integrated over effects and spreads by SciPy."""
    # Neighbours alternate, so that no correction for dependence comes in beyond the bias, which is taken out below.
    blocks = np.tile([0.9, 0.1, 1.1, 0.2, 0.8, 0.3, 1.2, 0.1], 3)
    interval = interval_of(blocks)
    assert interval.effective_blocks == len(blocks)
    for end in (interval.low, interval.high):
        assert mixture_ratio(blocks - end) == pytest.approx(20.0, rel=1e-4)


def mixture_ratio(x: np.ndarray) -> float:
    """Return the marginal likelihood with an effect over that without, both over 1/σ of the spread."""

    spread = float(np.sqrt(np.mean(x**2)))
    prior = stats.norm(0, 1 / np.sqrt(PRIOR_BLOCKS))
    highest = float(stats.norm.logpdf(x, x.mean(), x.std()).sum())

    def likelihood(sigma: float, effect: float) -> float:
        return float(np.exp(stats.norm.logpdf(x, effect * sigma, sigma).sum() - highest)) / sigma

    def averaged(sigma: float) -> float:
        return integrate.quad(lambda effect: likelihood(sigma, effect) * prior.pdf(effect), -2.0, 2.0)[0]

    bounds = (spread / 4, spread * 4)
    return integrate.quad(averaged, *bounds)[0] / integrate.quad(likelihood, *bounds, args=(0.0,))[0]


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.7])
def test_equal_pairs_are_rarely_stopped_however_often_one_looks(correlation: float):
    random = np.random.default_rng(3)
    blocks = random.standard_t(3, size=(500, 200))
    for at in range(1, blocks.shape[1]):
        blocks[:, at] += correlation * blocks[:, at - 1]
    mean, half, _ = running_interval(blocks[:, 50:])
    assert (np.abs(mean) > half).any(axis=1).mean() <= LIMIT


def test_a_real_difference_is_found():
    mean, half, _ = running_interval(np.random.default_rng(4).normal(1.0, 1.0, (200, 60)))
    assert (mean - half > 0).any(axis=1).mean() > 0.95
    assert not (mean + half < 0).any()


def test_what_is_said_of_a_block_does_not_depend_on_those_after_it():
    blocks = np.random.default_rng(5).normal(0.3, 1.0, 50)
    mean, half, _ = running_interval(blocks)
    interval = interval_of(blocks[:30])
    assert (interval.mean, interval.high - interval.mean) == pytest.approx((mean[29], half[29]))


@pytest.mark.parametrize("far", [1e6, -1e6])
def test_it_moves_and_stretches_with_the_blocks(far: float):
    blocks = np.random.default_rng(6).normal(size=40)
    plain, moved = interval_of(blocks), interval_of(2 * blocks + far)
    assert moved.low == pytest.approx(2 * plain.low + far, abs=1e-6)
    assert moved.high == pytest.approx(2 * plain.high + far, abs=1e-6)


def test_dependent_blocks_count_as_fewer():
    random = np.random.default_rng(7)
    blocks = random.normal(size=400)
    for at in range(1, 400):
        blocks[at] += 0.5 * blocks[at - 1]
    # (1 − r) / (1 + r) of a half is a third.
    assert interval_of(blocks).effective_blocks == pytest.approx(400 / 3, rel=0.2)


def test_few_blocks_say_nothing():
    blocks = np.full(LEAST_BLOCKS - 1, 5.0) + np.arange(LEAST_BLOCKS - 1) * 1e-3
    assert judge(interval_of(blocks), 0.0) == "inconclusive"
    assert judge(interval_of(np.array([])), 0.0) == "inconclusive"


def test_models_that_answer_alike_are_told_apart_by_nothing():
    interval = interval_of(np.zeros(30))
    assert (interval.low, interval.high) == (0.0, 0.0)
    assert judge(interval, 0.01) == "successful"


def test_what_is_surely_worse_fails_though_it_is_within_what_is_tolerated():
    assert judge(Interval(-0.01, -0.015, -0.005, 30, 30.0), 0.02) == "failed"


def test_the_first_answer_comes_with_the_thirteenth_block() -> None:
    """The docs and the prior's comment say so: it is the first block with a finite interval, where none depends."""
    blocks = np.tile([0.9, 1.1], 20)
    _, half, effective = running_interval(blocks)
    assert effective[12] == 13
    assert int(np.flatnonzero(np.isfinite(half))[0]) + 1 == 13
