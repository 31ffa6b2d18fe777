"""How likely each action was chosen, whatever turned out not to be possible."""

from __future__ import annotations

import random

import pytest

from airmedic_core.learning.propensity import chosen_with, drawn, first_choices

ORDER = ["recalibrate", "retrain", "rollback"]


@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("actions", [ORDER[:1], ORDER[:2], ORDER])
def test_chances_of_being_first_add_up_to_one(actions: list[str], fraction: float) -> None:
    assert sum(first_choices(actions, fraction).values()) == pytest.approx(1.0)


def test_the_chances_are_those_with_which_actions_are_chosen_where_one_is_not_possible() -> None:
    probabilities, counts, runs = first_choices(ORDER, 0.6), dict.fromkeys(ORDER, 0), 3000
    for number in range(runs):
        first = drawn(probabilities, str(number))
        tried = [first, *(action for action in ORDER if action != first)]
        counts[next(action for action in tried if action != "recalibrate")] += 1
    said = chosen_with(probabilities, ORDER, {"recalibrate"})
    # By hand: 0.4 + 0.2 of recalibrate fall to retrain, which has 0.2 of its own.
    assert said == {"retrain": pytest.approx(0.8), "rollback": pytest.approx(0.2)}
    for action, chance in said.items():
        # Four standard deviations of a binomial of 3000.
        assert counts[action] / runs == pytest.approx(chance, abs=4 * (0.16 / runs) ** 0.5)


def test_the_same_incident_draws_the_same_whatever_was_drawn_before() -> None:
    probabilities = first_choices(ORDER, 0.5)
    before = drawn(probabilities, "incident")
    random.seed(5)
    assert drawn(probabilities, "incident") == before
