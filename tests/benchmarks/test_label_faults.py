"""Faults of labels and changed relations, as the benchmark of them makes them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks" / "incidents"))

from populations import churn_rows

import label_faults


@pytest.fixture(scope="module")
def changed() -> dict[str, np.ndarray]:
    """The labels of 2,000 generated rows, as each change leaves them."""
    (pool,) = (pool for pool in label_faults.pools() if pool.name == "subscribers")
    rows = churn_rows(np.random.default_rng(1), 2000)
    return {
        name: np.asarray(change(rows, np.random.default_rng(2)))
        for _, name, change in label_faults.changes(pool)
        # A weaker relation is made of a model's answers, which these rows do not have.
        if name in ("as they were", "100% change places", "classes exchanged", "turns in a half", "turns crosswise")
    }


def test_labels_that_change_places_keep_their_mix_and_lose_their_rows(changed: dict[str, np.ndarray]) -> None:
    sound, moved = changed["as they were"], changed["100% change places"]
    share = sound.mean()

    assert moved.mean() == share
    # Two labels drawn from the same mix differ by chance in 2p(1 - p) of the rows.
    assert (moved != sound).mean() == pytest.approx(2 * share * (1 - share), abs=0.04)


def test_exchanged_classes_leave_no_row_its_label(changed: dict[str, np.ndarray]) -> None:
    assert (changed["classes exchanged"] == 1 - changed["as they were"]).all()


@pytest.mark.parametrize("name", ["turns in a half", "turns crosswise"])
def test_a_changed_relation_turns_a_part_of_the_rows(changed: dict[str, np.ndarray], name: str) -> None:
    assert 0.1 < (changed[name] != changed["as they were"]).mean() < 0.9
