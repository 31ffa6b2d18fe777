"""Damage stands apart; what continues the others, or moved as a whole, is no damage. Numbers by hand."""

import numpy as np
import pytest

from airmedic_core.checks.corruption.detached_values import detached

USUAL = np.arange(0.0, 20.0, 0.1)


@pytest.mark.parametrize(
    ("new", "stands_apart"),
    [
        ([-0.4, -1.1, -1.9], False),
        ([-99.0, -99.0, -99.0], True),
        ([40.0, 41.0, 70.0], True),
        ([-8.0, -12.0, -15.0, -18.0, -20.0, -9.5], True),
        ([30.5, 31.0, 31.5], True),
        ([20.0, 20.4, 21.0, 22.5], False),
    ],
)
def test_new_values_stand_apart_where_none_lead_to_them(new: list[float], stands_apart: bool) -> None:
    assert detached(np.concatenate([USUAL, new]), 0.0, 19.9) is stands_apart


def test_a_column_that_moved_as_a_whole_is_elsewhere_and_not_damaged() -> None:
    assert not detached(USUAL + 100.0, 0.0, 19.9)


def test_a_column_that_reads_one_value_is_damaged() -> None:
    assert detached(np.full(50, -999.0), 0.0, 19.9)
