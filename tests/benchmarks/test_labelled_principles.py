"""Pairs that follow from what a word means, and situations that people report: each has its right answer."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

# These scripts import each other by name.
from labelled.answer import answer
from labelled.case import LabelledCase
from labelled.principles import principles
from labelled.reported import reported_cases
from labelled.tables import DATA

PRINCIPLES = principles()


@pytest.mark.parametrize("case", PRINCIPLES, ids=[case.about for case in PRINCIPLES])
def test_what_follows_from_a_word_is_answered_right(case: LabelledCase) -> None:
    answered = answer(case)
    assert answered.right, answered
    assert not answered.forbidden


def test_a_damage_is_in_the_window_alone() -> None:
    by_name = {case.about: case for case in PRINCIPLES}
    sound, damaged = (by_name[name] for name in ("nothing changed", "99 stands for an unknown age in 8 %"))
    (before, now), (reference, window) = sound.build(), damaged.build()
    assert reference.equals(before)
    assert window.drop(columns="age").equals(now.drop(columns="age"))
    # 8 % of 960 rows, three standard errors at the most away.
    share = float(np.mean(window["age"] == 99))
    assert abs(share - 0.08) < 3 * (0.08 * 0.92 / 960) ** 0.5


@pytest.mark.skipif(not (DATA / "reported_cases").exists(), reason="AIRMEDIC_DATA does not hold the situations")
def test_reported_situations_have_causes_as_right_answers() -> None:
    cases = reported_cases()
    assert len(cases) == 10
    for case in cases:
        reference, current = case.build()
        assert len(reference)
        assert len(current)
