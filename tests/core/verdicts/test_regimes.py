"""Windows of history that jumped, made by hand."""

import numpy as np
import pytest

from airmedic_core.verdicts.regimes import seen_before

WINDOWS = 28
NOISE = np.full((WINDOWS, 3), 1e-5)
COLUMNS = ("channel", "channel", "plan")


def history(jumped: int) -> np.ndarray:
    """Two categories of one column and one of another that wobble by 0.01; lately the first gained, the second lost."""
    shares = 0.2 + np.random.default_rng(5).normal(0, 0.01, (WINDOWS, 3))
    shares[WINDOWS - jumped :, 0] += 0.3
    shares[WINDOWS - jumped :, 1] -= 0.04
    return shares


@pytest.mark.parametrize("jumped", [1, 3])
def test_what_a_column_has_jumped_to_is_no_news_in_any_of_its_categories(jumped):
    seen = seen_before(history(jumped), NOISE, np.full(3, 0.2), COLUMNS)
    assert seen.covers(np.array([0.3, -0.04, 0.0])).tolist() == [True, True, False]
    assert seen.covers(np.array([0.3, -0.04, 0.3])).tolist() == [True, True, False]


def test_what_lies_beyond_the_jump_or_on_the_other_side_is_news():
    seen = seen_before(history(1), NOISE, np.full(3, 0.2), COLUMNS)
    assert not seen.covers(np.array([0.5, -0.15, 0.0])).any()
    assert not seen.covers(np.array([-0.15, 0.15, 0.0])).any()


def test_a_history_that_never_jumped_covers_nothing():
    assert not seen_before(history(0), NOISE, np.full(3, 0.2), COLUMNS).covers(np.zeros(3)).any()
    few = history(1)[-4:]
    assert not seen_before(few, NOISE[-4:], np.full(3, 0.2), COLUMNS).covers(np.full(3, 0.3)).any()
