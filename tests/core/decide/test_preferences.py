from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.decide.preferences import outcomes, rank
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Learning
from airmedic_core.records import Cause, Incident, IncidentState, Json, Severity
from airmedic_core.windows import Window

START = datetime(2026, 1, 1, tzinfo=UTC)
CAUSE = Cause.HARMFUL_COVARIATE_SHIFT


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")


def closed(ledger: Ledger, number: int, action: str, outcome: str, cause: Cause = CAUSE, **more: str) -> None:
    resolution: Json = {"action": action, "outcome": outcome, **more}
    window = Window(START + timedelta(days=number), START + timedelta(days=number + 1))
    ledger.open_incident(
        Incident(
            f"i{number}",
            "churn",
            IncidentState.RESOLVED,
            Severity.LOW,
            cause,
            "h",
            "f",
            window,
            window.end,
            (),
            window.end,
            window.end,
            resolution,
        )
    )


def test_without_experience_the_order_of_the_diagnosis_stands(ledger: Ledger) -> None:
    ranked = rank(ledger, CAUSE, ["retrain", "rollback", "escalate"], Learning(), seed="i")
    assert [(preference.action, round(preference.mean, 4)) for preference in ranked] == [
        ("retrain", 0.8),
        ("rollback", 0.65),
        ("escalate", 0.5),
    ]
    assert [preference.propensity for preference in ranked] == [1.0, 0.0, 0.0]


def test_outcomes_move_the_posterior_mean_of_the_beta_distribution(ledger: Ledger) -> None:
    for number in range(4):
        closed(ledger, number, "retrain", "refused")
    closed(ledger, 9, "rollback", "rolled_back")
    ranked = rank(ledger, CAUSE, ["retrain", "rollback"], Learning(prior_weight=8), seed="i")
    # By hand: retrain (6.4 + 0) / (8 + 4), rollback (5.2 + 1) / (8 + 1).
    assert [(preference.action, round(preference.mean, 4)) for preference in ranked] == [
        ("rollback", 0.6889),
        ("retrain", 0.5333),
    ]


def test_only_verified_outcomes_of_the_same_cause_count(ledger: Ledger) -> None:
    for number, outcome in enumerate(("rejected", "unanswered", "dry_run", "escalated")):
        closed(ledger, number, "retrain", outcome)
    closed(ledger, 8, "retrain", "healed", Cause.CONCEPT_DRIFT)
    assert outcomes(ledger, CAUSE) == (Counter(), Counter())


def test_what_came_back_counts_against_what_seemed_to_heal_it(ledger: Ledger) -> None:
    closed(ledger, 1, "retrain", "healed")
    closed(ledger, 2, "retrain", "healed", recurrence_of="i1")
    assert outcomes(ledger, CAUSE) == (Counter(retrain=1), Counter(retrain=1))


def test_exploration_tries_others_as_often_as_it_says_and_records_how_likely_that_was(ledger: Ledger) -> None:
    learning = Learning(exploration_fraction=0.4)
    tries = [rank(ledger, CAUSE, ["retrain", "rollback"], learning, seed=str(seed))[0] for seed in range(2000)]
    explored = sum(attempt.action == "rollback" for attempt in tries) / len(tries)
    # Binomial with p = 0.2: three standard deviations of 2000 trials are 0.027.
    assert explored == pytest.approx(0.2, abs=0.027)
    assert {(attempt.action, attempt.propensity) for attempt in tries} == {("retrain", 0.8), ("rollback", 0.2)}
    again = rank(ledger, CAUSE, ["retrain", "rollback"], learning, seed="7")
    assert again == rank(ledger, CAUSE, ["retrain", "rollback"], learning, seed="7")


def test_a_training_is_credited_with_the_deployment_that_came_of_it(ledger: Ledger) -> None:
    for number in range(3):
        closed(ledger, number, "deploy", "healed")
    closed(ledger, 4, "deploy", "undone")
    closed(ledger, 5, "retrain", "refused")
    (retrain,) = rank(ledger, CAUSE, ["retrain"], Learning(prior_weight=8), seed="i")
    # By hand: (0.8 · 8 + 3) / (8 + 3 + 2).
    assert (retrain.successes, retrain.failures, round(retrain.mean, 4)) == (3, 2, 0.7231)
