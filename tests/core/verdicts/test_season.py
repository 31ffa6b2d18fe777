"""Seasons of generated histories: found where they are, left alone where they are not, and no dearer than they cost."""

import numpy as np
import pytest
from scipy import stats

from airmedic_core.verdicts.moderated import Moderated, moderated_z
from airmedic_core.verdicts.season import Season, Turns, find_season

FLAT = np.zeros(7)
WEEKENDS = np.array([0.0] * 5 + [3.0] * 2)
"""What the days of a week add, in standard deviations between days that are alike."""
NOISE = 0.25


def calendars(days: int) -> list[Turns]:
    day = np.arange(days)
    return [Turns(kinds.astype(np.intp), (day // 7).astype(np.intp)) for kinds in (day % 7 >= 5, day % 7)]


def draw(rng: np.random.Generator, days: int, columns: int, week: np.ndarray, shared: float = 0.0) -> np.ndarray:
    """Days that wander by 1, partly together, and a sampling noise of the variance 0.25; one more than history."""
    wander = np.sqrt(1 - shared) * rng.standard_normal((days + 1, columns))
    wander += np.sqrt(shared) * rng.standard_normal((days + 1, 1))
    noise = np.sqrt(NOISE) * rng.standard_normal((days + 1, columns))
    return wander + noise + week[np.arange(days + 1) % 7][:, None]


def find(history: np.ndarray) -> tuple[Season | None, list[Turns]]:
    turns = calendars(len(history))
    return find_season(history, [np.arange(history.shape[1])], turns), turns


def judge(drawn: np.ndarray) -> Moderated:
    """Judge the last day against those before it."""
    history, now = drawn[:-1], drawn[-1]
    season, turns = find(history)
    noise = np.full(history.shape, NOISE)
    if season is None:
        return moderated_z(history, noise, now, noise[0])
    day = len(history) % 7
    level = season.level(day if season.turns is turns[1] else int(day >= 5))
    return moderated_z(season.without(history), noise, now - level.part, noise[0], level=level)


def test_weekends_are_found_and_days_of_the_week_are_told_from_them():
    rng = np.random.default_rng(1)
    season, turns = find(draw(rng, 28, 50, WEEKENDS)[:-1])
    assert season.turns is turns[0]
    season, turns = find(draw(rng, 28, 50, np.array([0.0, 2.0, -1.0, 0.0, 1.0, -3.0, 2.0]))[:-1])
    assert season.turns is turns[1]


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.95])
def test_without_a_season_hardly_any_is_found(shared):
    # At most 2 % of two calendars each; columns that wander together must not make it more.
    rng = np.random.default_rng(2)
    seasons = [find(draw(rng, 28, 60, FLAT, shared)[:-1])[0] is not None for _ in range(60)]
    assert np.mean(seasons) <= 0.1


@pytest.mark.parametrize("days", [14, 19, 33])
@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_p_values_are_uniform_on_healthy_days_with_a_season(days, shared):
    rng = np.random.default_rng(3)
    p_values = np.concatenate([judge(draw(rng, days, 60, WEEKENDS, shared)).p_value for _ in range(60)])
    # 3,600 p-values: 1 % expected below 0.01; shared days widen what is seen of it.
    assert np.mean(p_values < 0.01) < 0.018
    assert np.mean(p_values < 0.001) < 0.004


def test_a_season_that_is_taken_out_leaves_the_spread_of_days_that_are_alike():
    drawn = draw(np.random.default_rng(4), 28, 200, WEEKENDS)
    history = drawn[:-1]
    plain = moderated_z(history, np.full(history.shape, NOISE), drawn[-1], np.full(200, NOISE))
    # √(1.25 · (1 + 1/20)) on a weekday, where all days together spread by √(1.25 + 9 · 10/49).
    assert np.median(judge(drawn).spread) == pytest.approx(1.15, rel=0.05)
    assert np.median(plain.spread) > 1.6


def test_a_clear_season_is_a_one_way_analysis_of_variance():
    # A prediction interval within groups: the mean of the phase, the pooled spread within phases, n − phases degrees.
    rng = np.random.default_rng(5)
    drawn = rng.normal(0, 1, (29, 1)) + 100.0 * WEEKENDS[np.arange(29) % 7][:, None]
    history, turns = drawn[:-1], calendars(28)[:1]
    season = find_season(history, [np.arange(1)], turns)
    level = season.level(0)
    result = moderated_z(
        season.without(history), np.full((28, 1), 1e-9), drawn[-1] - level.part, np.array([1e-9]), level=level
    )
    groups = [history[turns[0].phases == phase, 0] for phase in (0, 1)]
    spread = np.sqrt(sum(((group - group.mean()) ** 2).sum() for group in groups) / 26)
    expected = (drawn[-1, 0] - groups[0].mean()) / (spread * np.sqrt(1 + 1 / 20))
    assert result.z[0] == pytest.approx(expected, rel=0.01)
    assert result.p_value[0] == pytest.approx(2 * stats.t.sf(abs(expected), 26), rel=0.02)


def test_columns_without_a_season_keep_their_level_beside_those_with_one():
    rng = np.random.default_rng(6)
    history = draw(rng, 28, 100, FLAT)[:-1]
    history[:, :10] += 3.0 * WEEKENDS[np.arange(28) % 7][:, None]
    season, _ = find(history)
    weights = season.weights[1]
    assert weights[:10].min() > 0.9
    assert np.median(weights[10:]) < 0.05
    assert np.median(season.lost[10:]) < 0.1


def test_a_column_that_lacks_windows_is_compared_with_all_it_has():
    history = draw(np.random.default_rng(7), 28, 30, WEEKENDS)[:-1]
    history[np.arange(28) % 7 >= 5, 0] = np.nan
    history[3, 1] = np.nan
    season, _ = find(history)
    assert season.weights[:, 0].max() == 0
    assert np.allclose(season.without(history)[:, 0], history[:, 0], equal_nan=True)
    assert season.weights[0, 1] > 0.5


def test_a_phase_seen_in_one_turn_is_not_known():
    history = draw(np.random.default_rng(8), 28, 30, WEEKENDS)
    week = np.array([0, 1, 2, 3, 4, 5, 6] * 4 + [7])
    season = find_season(history, [np.arange(30)], [Turns(week, np.arange(29) // 7)])
    assert season.knows(6)
    assert not season.knows(7)
    assert not season.knows(-1)
