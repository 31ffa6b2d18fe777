"""Moderated z-scores: hand computations and the false alarms they promise."""

import numpy as np
import pytest
from scipy import special, stats

from airmedic_core.verdicts.moderated import _inverse_trigamma, moderated_z


def test_with_no_history_the_limit_is_that_of_sampling():
    # Means 0.5 and 0.6 with variances 0.0004 and 0.0005: z = 0.1 / 0.03.
    result = moderated_z(
        np.empty((0, 1)), np.empty((0, 1)), np.array([0.6]), np.array([0.0005]),
        whole=np.array([0.5]), whole_noise=np.array([0.0004]),
    )  # fmt: skip
    assert result.z[0] == pytest.approx(0.1 / 0.03)
    assert result.p_value[0] == pytest.approx(2 * stats.norm.sf(0.1 / 0.03), rel=1e-4)


def test_one_column_is_an_ordinary_prediction_interval():
    # Without neighbours nothing is shrunk: the t-test of one new observation against n old ones.
    rng = np.random.default_rng(1)
    history = rng.normal(0, 1, (12, 1))
    result = moderated_z(history, np.full((12, 1), 1e-9), np.array([2.0]), np.array([1e-9]))
    expected = (2.0 - history.mean()) / (history.std(ddof=1) * np.sqrt(1 + 1 / 12))
    assert result.z[0] == pytest.approx(expected, rel=1e-4)
    assert result.p_value[0] == pytest.approx(2 * stats.t.sf(abs(expected), 11), rel=1e-3)


def test_neighbours_steady_the_spread():
    # 200 columns of equal spread: the shrunk spreads lie closer to the truth than the raw ones.
    rng = np.random.default_rng(2)
    history = rng.normal(0, 1, (5, 200))
    result = moderated_z(history, np.full((5, 200), 1e-6), np.zeros(200), np.full(200, 1e-6))
    assert np.abs(np.log(result.spread)).mean() < 0.5 * np.abs(np.log(history.std(axis=0, ddof=1))).mean()


@pytest.mark.parametrize("wobble", [0.0, 0.05, 0.5])
def test_p_values_are_uniform_on_healthy_windows(wobble):
    rng = np.random.default_rng(3)
    noise = 1 / 500
    p_values = []
    for _ in range(60):
        history = rng.normal(0, np.sqrt(noise + wobble**2), (20, 50))
        now = rng.normal(0, np.sqrt(noise + wobble**2), 50)
        p_values.append(moderated_z(history, np.full((20, 50), noise), now, np.full(50, noise)).p_value)
    # 3,000 p-values: 1 % expected below 0.01; the binomial standard deviation is 0.18 %.
    assert np.mean(np.concatenate(p_values) < 0.01) < 0.016


def test_a_certain_difference_below_the_floor_is_no_news():
    history = np.zeros((10, 1))
    result = moderated_z(history, np.full((10, 1), 1e-8), np.array([0.009]), np.array([1e-8]), floor=0.01)
    assert result.z[0] == 0
    assert result.p_value[0] == pytest.approx(1)


def test_a_missing_statistic_stays_missing():
    history = np.array([[1.0, np.nan]] * 6)
    result = moderated_z(history, np.full((6, 2), 0.1), np.array([1.0, np.nan]), np.array([0.1, np.nan]))
    assert np.isfinite(result.p_value[0])
    assert np.isnan(result.p_value[1])


@pytest.mark.parametrize("value", [1e-8, 0.01, 0.5, 1.6449340668, 20.0, 1e8])
def test_inverse_trigamma_inverts(value):
    # trigamma(1) = π²/6 = 1.6449340668
    assert special.polygamma(1, _inverse_trigamma(value)) == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("windows", [2, 8, 30])
def test_the_tails_of_neighbours_are_believed(windows):
    # Windows wander by Student's t with 3 degrees of freedom: the normal law would call 1.6 % of them one in 1,000.
    rng = np.random.default_rng(7)
    p_values = []
    for _ in range(20):
        history, now = rng.standard_t(3, (windows, 300)), rng.standard_t(3, 300)
        p_values.append(moderated_z(history, np.full((windows, 300), 1e-3), now, np.full(300, 1e-3)).p_value)
    assert np.mean(np.concatenate(p_values) < 0.001) < (0.004 if windows > 2 else 0.02)


def test_two_windows_of_many_columns_know_the_spread():
    rng = np.random.default_rng(8)
    noise = np.full((2, 300), 1e-6)
    p_values = [
        moderated_z(rng.normal(0, 1, (2, 300)), noise, rng.normal(0, 1, 300), np.full(300, 1e-6)).p_value
        for _ in range(20)
    ]
    # 6,000 p-values: 1 % expected below 0.01; the binomial standard deviation is 0.13 %.
    assert np.mean(np.concatenate(p_values) < 0.01) < 0.015


def beside_weather(rng, windows, level=0.37):
    """Draw five timetables, the same in each window, and fifteen columns that wander, and the noise of 300 rows."""
    drawn = level + rng.normal(0, np.array([0.0] * 5 + [0.2] * 15), (windows + 1, 20))
    return drawn[:-1], np.full((windows, 20), 0.08 / 300), drawn[-1]


@pytest.mark.parametrize("windows", [10, 18, 40])
def test_a_timetable_among_columns_that_wander_is_judged_by_itself(windows):
    rng = np.random.default_rng(6)
    healthy, moved, borrowed = [], [], []
    for _ in range(150):
        history, noise, now = beside_weather(rng, windows)
        healthy.append(moderated_z(history, noise, now, noise[0], own=np.ones(20, bool)).p_value)
        moved.append(moderated_z(history, noise, now + 0.15, noise[0], own=np.ones(20, bool)).p_value[:5])
        borrowed.append(moderated_z(history, noise, now + 0.15, noise[0]).p_value[:5])
    assert np.mean(np.array(healthy) < 0.01) < 0.015
    assert np.all(np.array(moved) < 0.005)
    assert np.all(np.array(borrowed) > 0.05)


def test_a_timetable_with_a_gap_is_another_one():
    # A week without its public holiday has fewer rows than any before.
    history, noise, now = beside_weather(np.random.default_rng(7), 20)
    with_gap = moderated_z(history, noise, now + 0.15, noise[0] * 7 / 6, own=np.ones(20, bool))
    assert np.all(with_gap.p_value[:5] > 0.05)


@pytest.mark.parametrize("level", [0.0, 0.1, 0.37])
def test_what_differs_by_rounding_only_says_nothing_of_its_neighbours(level):
    rng = np.random.default_rng(8)
    p_values = []
    for _ in range(200):
        history, noise, now = beside_weather(rng, 3, level)
        # The same shares, summed in another order.
        history[:, :5] += rng.choice([0.0, 1e-16], (3, 5))
        p_values.append(moderated_z(history, noise, now, noise[0]).p_value[5:])
    assert np.mean(np.array(p_values) < 0.001) < 0.01
