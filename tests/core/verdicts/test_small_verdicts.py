"""Multiplicity, forecasts, mixtures and memory over windows."""

import numpy as np
import pytest
from scipy import stats

from airmedic_core.verdicts.forecast import forecast
from airmedic_core.verdicts.mixture import fit_mixture
from airmedic_core.verdicts.multiplicity import adjust
from airmedic_core.verdicts.sequential import cumulative_sums
from airmedic_core.verdicts.tails import tail_of


def test_adjusted_p_values_are_scipys():
    p_values = np.random.default_rng(1).random(50) ** 3
    assert adjust(p_values) == pytest.approx(stats.false_discovery_control(p_values))


def test_missing_p_values_are_not_counted():
    assert adjust(np.array([0.01, np.nan, 0.04])) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


def test_a_regular_stream_leaves_little_room():
    expected = forecast([24, 23, 24, 24, 24, 23, 24, 24, 24, 24])
    assert expected.expected == pytest.approx(24)
    assert expected.z(16) < -5
    assert abs(expected.z(23)) < 3


def test_an_irregular_stream_leaves_more():
    counts = np.random.default_rng(2).lognormal(8, 0.3, 40)
    assert abs(forecast(counts).z(float(np.exp(8.4)))) < 3


def test_weekends_are_compared_with_weekends():
    week = [1000, 1010, 990, 1005, 995, 300, 310]
    expected = forecast(week * 8 + week[:5], season=7)
    assert expected.expected == pytest.approx(300, rel=0.05)


def test_a_window_that_does_not_count_keeps_its_place_in_the_season():
    week = [1000, 1010, 990, 1005, 995, 300, 310]
    counts = [*week * 8, *week[:5]]
    counts[-7] = counts[10] = float("nan")  # a Saturday and a Wednesday that were quarantined
    assert forecast(counts, season=7).expected == pytest.approx(300, rel=0.05)


def test_without_history_there_is_no_forecast():
    assert forecast([]) is None
    assert forecast([float("nan")]) is None


def test_one_window_of_history_is_believed_within_reason():
    assert abs(forecast([1000]).z(1300)) < 2


def test_the_share_of_a_mixture_is_found():
    bins = np.arange(40)
    first, second = stats.norm.pdf(bins, 10, 3), stats.norm.pdf(bins, 22, 3)
    counts = 10_000 * (0.7 * first + 0.3 * second)
    fit = fit_mixture(counts, first, second)
    assert fit.share == pytest.approx(0.3, abs=0.005)
    assert fit.distance < 0.01
    assert fit.gain > 1000


def test_nothing_of_the_second_gains_nothing():
    first, second = np.array([0.5, 0.5, 0.0]), np.array([0.0, 0.0, 1.0])
    fit = fit_mixture(np.array([500.0, 500.0, 0.0]), first, second)
    assert fit.share == pytest.approx(0, abs=1e-3)
    assert fit.gain == pytest.approx(0, abs=1e-2)


def test_a_lasting_shift_adds_up():
    # Each window adds 1 − 0.5: the tenth passes 5 − but only just. The second column moves down.
    sums, windows = cumulative_sums(np.column_stack([np.ones(12), -np.ones(12)]), 0.5)
    assert sums[9].tolist() == [5.0, -5.0]
    assert windows[9].tolist() == [10, 10]
    assert sums[11, 1] == -6.0


def test_single_outbreaks_are_forgotten():
    sums, windows = cumulative_sums(np.array([[3.0]] + [[0.0]] * 6))
    assert (sums[-1, 0], windows[-1, 0]) == (0.0, 0)


@pytest.mark.parametrize("degrees", [3.0, 5.0])
def test_heavy_tails_are_recognised(degrees):
    scores = np.random.default_rng(4).standard_t(degrees, 5000)
    tail = tail_of(scores)
    assert tail.degrees == pytest.approx(degrees, rel=0.4)
    # What is called one in a thousand is that or rarer in truth, by no more than a third of its size.
    ratio = stats.t.ppf(0.999, tail.degrees) * tail.scale / stats.t.ppf(0.999, degrees)
    assert 0.9 < ratio < 1.33


def test_normal_scores_have_no_heavy_tail():
    assert tail_of(np.random.default_rng(5).standard_normal(5000)) is None


def test_few_scores_show_no_tail():
    assert tail_of(np.random.default_rng(6).standard_t(2, 100)) is None


def test_a_forecast_reaches_no_further_ahead_than_it_looks_back():
    gone = float("nan")
    assert forecast([10.0, 10.0, 10.0, gone, gone]).expected == pytest.approx(10)
    assert forecast([10.0, 10.0, 10.0, gone, gone, gone]) is None
