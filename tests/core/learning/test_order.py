"""The order among allowed actions: by the rules, or by what past outcomes teach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from airmedic_core.learning import Ordering, order
from airmedic_core.learning.order import ranked
from airmedic_core.learning.outcomes import VerifiedOutcome
from airmedic_core.learning.priors import Priors, built_in
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Learning
from airmedic_core.records import Cause
from tests.core.learning.cases import CAUSE, START, closed

RULES = ("recalibrate", "retrain")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")


def ordered(ledger: Ledger, learning: Learning, *actions: str, cause: Cause = CAUSE, seed: str = "i") -> Ordering:
    return order(ledger, cause, actions or RULES, learning, seed=seed, folder=Path("/nowhere"))


def retrain_heals(ledger: Ledger) -> None:
    for number in range(6):
        closed(ledger, number, "recalibrate", "worse")
    for number in range(6, 10):
        closed(ledger, number, "deploy", "healed", decided="retrain")


def test_without_outcomes_the_prior_alone_speaks(ledger: Ledger) -> None:
    ordering = ordered(ledger, Learning(mode="on"))
    # The priors of the package for a label shift: 0.7 and 0.65.
    assert [(preference.action, preference.posterior.mean) for preference in ordering.preferences] == [
        ("recalibrate", pytest.approx(0.7)),
        ("retrain", pytest.approx(0.65)),
    ]
    assert ordering.actions == RULES


def test_actions_without_a_prior_of_their_own_get_the_one_of_their_place(ledger: Ledger) -> None:
    ordering = ordered(ledger, Learning(mode="on"), "rollback", "hold", cause=Cause.ANOMALY_SPIKE)
    assert [preference.prior.mean for preference in ordering.preferences] == [pytest.approx(0.8), pytest.approx(0.65)]


def test_outcomes_order_the_actions_where_learning_is_on(ledger: Ledger) -> None:
    retrain_heals(ledger)
    ordering = ordered(ledger, Learning(mode="on", prior_weight=8))
    # By hand: retrain, credited with the deployment that came of it, (0.65 · 8 + 4) / 12; recalibrate 0.7 · 8 / 14.
    assert [(preference.action, round(preference.posterior.mean, 4)) for preference in ordering.preferences] == [
        ("retrain", 0.7667),
        ("recalibrate", 0.4),
    ]
    assert ordering.actions == ("retrain", "recalibrate")
    assert ordering.to_json()["propensities"] == {"retrain": 1.0, "recalibrate": 0.0}


def test_in_the_shadow_the_rules_decide_and_what_learning_would_do_is_on_record(ledger: Ledger) -> None:
    retrain_heals(ledger)
    ordering = ordered(ledger, Learning())
    said = ordering.to_json()
    assert (said["mode"], ordering.actions) == ("shadow", RULES)
    assert said["propensities"] == {"recalibrate": 1.0, "retrain": 0.0}
    assert said["learned"] == ["retrain", "recalibrate"]
    # Half of the tenth that explores falls on each of the two.
    assert said["in_shadow"] == {"retrain": 0.95, "recalibrate": 0.05}


def test_switched_off_nothing_is_learned(ledger: Ledger) -> None:
    retrain_heals(ledger)
    ordering = ordered(ledger, Learning(mode="off"))
    assert (ordering.actions, ordering.preferences, ordering.learned) == (RULES, (), RULES)
    assert ordering.to_json()["propensities"] == {"recalibrate": 1.0, "retrain": 0.0}


@pytest.mark.parametrize("mode", ["off", "shadow", "on"])
def test_no_action_is_added_or_lost(ledger: Ledger, mode: str) -> None:
    retrain_heals(ledger)
    for seed in range(50):
        learning = Learning(mode=mode, exploration_fraction=0.5)  # type: ignore[arg-type]
        assert sorted(ordered(ledger, learning, seed=str(seed)).actions) == sorted(RULES)
    assert ordered(ledger, Learning(mode=mode), "rollback").actions == ("rollback",)  # type: ignore[arg-type]


def test_exploration_tries_others_as_often_as_it_says(ledger: Ledger) -> None:
    learning = Learning(mode="on", exploration_fraction=0.4)
    orderings = [ordered(ledger, learning, seed=str(seed)) for seed in range(600)]
    explored = sum(ordering.actions[0] == "retrain" for ordering in orderings) / len(orderings)
    # Binomial with p = 0.2: three standard deviations of 600 trials are 0.049.
    assert explored == pytest.approx(0.2, abs=0.049)
    assert {tuple(ordering.probabilities.items()) for ordering in orderings} == {
        (("recalibrate", 0.8), ("retrain", 0.2))
    }
    assert ordered(ledger, learning, seed="7") == ordered(ledger, learning, seed="7")


def test_only_what_policy_and_limits_let_through_is_explored(ledger: Ledger) -> None:
    learning = Learning(mode="on", exploration_fraction=0.5)
    for seed in range(40):
        ordering = order(
            ledger,
            CAUSE,
            ["recalibrate", "retrain", "rollback"],
            learning,
            seed=str(seed),
            folder=Path("/nowhere"),
            possible=lambda action: action != "recalibrate",
        )
        assert ordering.probabilities == {"retrain": 0.75, "rollback": 0.25}
        # The one that is not possible stays where it was: what stops it is recorded when it is passed over.
        assert ordering.actions in {("recalibrate", "retrain", "rollback"), ("rollback", "recalibrate", "retrain")}
        blocked = ["recalibrate"] if ordering.actions[0] == "recalibrate" else []
        assert ordering.to_json(blocked)["propensities"].get("recalibrate", 0.0) == 0.0


@pytest.mark.parametrize(
    ("heals", "better"),
    [({"recalibrate": 0.3, "retrain": 0.8}, "retrain"), ({"recalibrate": 0.8, "retrain": 0.3}, "recalibrate")],
)
def test_over_many_incidents_the_better_action_is_found_and_kept(heals: dict[str, float], better: str) -> None:
    wrong, priors = [], Priors(built_in(), {})
    for seed in range(40):
        random = np.random.default_rng(seed)
        outcomes: list[VerifiedOutcome] = []
        for number in range(120):
            first = ranked(outcomes, CAUSE, RULES, priors, Learning())[0].action
            healed = bool(random.random() < heals[first])
            outcomes.append(VerifiedOutcome(f"i{number}", "churn", CAUSE, first, healed, START, number))
        wrong.append(sum(outcome.action != better for outcome in outcomes))
    # The priors lie 0.05 apart and weigh eight outcomes: an action that heals 0.3 falls behind within some twenty.
    assert np.mean(wrong) < 20
    assert np.mean([count > 60 for count in wrong]) <= 0.05
