"""Whether errors lean, on forecasts whose days differ by a known amount."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from airmedic_core.checks.concept.error_bias import bias_p_value
from airmedic_core.comparison import LabelledRows
from airmedic_core.metrics import Array, losses

HOURS, DAYS, WOBBLE, NOISE = 24, 30, 8.0, 15.0
TRIALS = 200


def demand(rng: np.random.Generator, days: int, *, level: float = 0.0, slope: float = 1.0) -> LabelledRows:
    """Forecasts around 100: each day misses by 8 one way, and each hour by 15."""
    forecast = np.tile(100 + 40 * np.sin(np.arange(HOURS) / HOURS * 2 * np.pi), days)
    missed = np.repeat(rng.normal(0, WOBBLE, days), HOURS) + rng.normal(0, NOISE, HOURS * days)
    rented = 100 + slope * (forecast - 100) + level + missed
    return rows("regression", rented, forecast, HOURS)


def rows(task: str, labels: Array, scores: Array, of_window: int) -> LabelledRows:
    frame = None  # the check looks at no inputs
    return LabelledRows(frame, labels, scores, losses(task, labels, scores), np.arange(len(labels)) // of_window)  # type: ignore[arg-type]


def alarms_of(trials: int = TRIALS, **change: float) -> int:
    rng = np.random.default_rng(7)
    return sum(bias_p_value(demand(rng, DAYS), demand(rng, 1, **change)) < 0.05 for _ in range(trials))


def test_days_that_differ_as_days_do_lean_no_more_often_than_promised() -> None:
    assert binomtest(alarms_of(), TRIALS, 0.05, alternative="greater").pvalue > 0.01


def test_a_level_is_found_about_as_often_as_by_one_who_knows_how_days_differ() -> None:
    # The mean of a day scatters by its own part and by its hours'; thirty days have been averaged. Of the better of two
    # tests at 5 %, each has 2.5 %.
    level = 30.0
    error = np.sqrt((WOBBLE**2 + NOISE**2 / HOURS) * (1 + 1 / DAYS))
    power = norm.sf(norm.isf(0.0125) - level / error)
    assert alarms_of(level=level) == pytest.approx(TRIALS * power, abs=0.1 * TRIALS)


def test_answers_that_labels_follow_by_half_are_found_although_their_level_is_right() -> None:
    # A day tells the slope to about 0.1.
    assert alarms_of(50, slope=0.5) >= 45


@pytest.mark.parametrize("classes", [2, 3])
def test_labels_that_follow_their_probabilities_do_not_lean_and_others_do(classes: int) -> None:
    rng = np.random.default_rng(11)

    def drawn(count: int, sharpness: float) -> LabelledRows:
        chance = rng.dirichlet(np.full(classes, 0.7), count)
        true = chance**sharpness / (chance**sharpness).sum(axis=1, keepdims=True)
        labels = (rng.random(count)[:, None] > true.cumsum(axis=1)).sum(axis=1).astype(float)
        if classes == 2:
            return rows("binary", labels, chance[:, 1], 500)
        return rows("multiclass", labels, chance, 500)

    before = drawn(10_000, 1.0)
    alike = [bias_p_value(before, drawn(500, 1.0)) < 0.05 for _ in range(TRIALS)]
    assert binomtest(sum(alike), TRIALS, 0.05, alternative="greater").pvalue > 0.01
    weaker = [bias_p_value(before, drawn(500, 0.3)) < 0.05 for _ in range(20)]
    assert all(weaker)
