"""Decisions on record, as estimates read them: with what was known before each, and nothing that came later."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.learning import learning_report
from airmedic_core.learning.logged import logged_decisions, logged_for
from airmedic_core.learning.off_policy import Logged
from airmedic_core.learning.outcomes import verified_outcomes
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Learning
from airmedic_core.records import Batch, Cause, Finding, Role, Verdict
from airmedic_core.windows import Window
from tests.core.learning.cases import CAUSE, START, before_planning, by_chance, closed

EVEN = {"recalibrate": 0.5, "retrain": 0.5}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")


def logged(ledger: Ledger) -> list[Logged]:
    experience = ledger.experience()
    outcomes = verified_outcomes(experience)
    return logged_for(logged_decisions(ledger, experience, outcomes), outcomes, CAUSE)


def tried(ledger: Ledger, number: int, verdict: Verdict) -> str:
    """Record a window in which a training in the shadow helped, or did not."""
    window = Window(START.replace(day=number), START.replace(day=number + 1))
    batch = Batch("churn", window, window.end, 10)
    ledger.record_batch(batch, model_version="1")
    finding = Finding(
        check="trial", subject="batch", statistic="auc", verdict=verdict, message="It was tried.", role=Role.TRIAL
    )
    ledger.record_findings(batch, "trial", [finding], model_version="1")
    return batch.id


def test_what_is_expected_comes_from_earlier_outcomes_alone(ledger: Ledger) -> None:
    for number, outcome in enumerate(["healed", "healed", "worse"]):
        closed(ledger, number, "recalibrate", outcome, learning=by_chance(EVEN, "retrain"))
    # By hand, with two outcomes' weight on even: 1 / 2, 2 / 3, 3 / 4; the third decision does not know its own end.
    expected = [item.expected["recalibrate"] for item in logged(ledger)]
    assert expected == [pytest.approx(1 / 2), pytest.approx(2 / 3), pytest.approx(3 / 4)]
    assert [item.healed for item in logged(ledger)] == [True, True, False]
    assert {item.expected["retrain"] for item in logged(ledger)} == {0.5}


def test_a_trial_sharpens_what_is_expected_of_a_training_and_of_nothing_else(ledger: Ledger) -> None:
    ends = [("healed", Verdict.ALERT), ("worse", Verdict.OK), ("healed", Verdict.ALERT), ("worse", Verdict.OK)]
    for number, (outcome, verdict) in enumerate(ends, start=1):
        batch = tried(ledger, number, verdict)
        closed(ledger, number, "retrain", outcome, learning=by_chance(EVEN, "retrain"), batches=(batch,))
    expected = [item.expected["retrain"] for item in logged(ledger)]
    # By hand for the third: of two trainings one healed, mean (1 + 1) / 4; where a trial helped, (2 · 0.5 + 1) / 3.
    # For the fourth: mean (1 + 2) / 5; where a trial did not, (2 · 0.6 + 0) / 3.
    assert expected[2:] == [pytest.approx(2 / 3), pytest.approx(0.4)]
    assert logged(ledger)[3].expected["recalibrate"] == 0.5


def test_what_another_remedy_healed_speaks_against_the_first_choice(ledger: Ledger) -> None:
    closed(ledger, 1, "rollback", "rolled_back", decided="retrain", learning=by_chance(EVEN, "retrain"))
    closed(ledger, 2, "deploy", "healed", decided="retrain", learning=by_chance(EVEN, "retrain"))
    assert [(item.chosen, item.healed) for item in logged(ledger)] == [("retrain", False), ("retrain", True)]


def test_decisions_without_chances_an_outcome_or_on_another_cause_are_left_out(ledger: Ledger) -> None:
    closed(ledger, 1, "retrain", "healed")
    closed(ledger, 2, "retrain", "rejected", learning=by_chance(EVEN, "retrain"))
    closed(ledger, 3, "retrain", "healed", learning=by_chance(EVEN, "retrain"), cause=Cause.CONCEPT_DRIFT)
    assert logged(ledger) == []


def test_a_first_choice_that_was_not_carried_out_has_not_failed(ledger: Ledger) -> None:
    closed(ledger, 1, "rollback", "rolled_back", decided="retrain", carried_out=False, learning=by_chance(EVEN, ""))
    assert verified_outcomes(ledger.experience())
    assert logged(ledger) == []


def test_a_trial_that_was_promoted_is_no_failure_of_the_training(ledger: Ledger) -> None:
    closed(ledger, 1, "promote_trial", "changed", decided="retrain", learning=by_chance(EVEN, "retrain"))
    assert [(item.chosen, item.healed) for item in logged(ledger)] == [("retrain", True)]


def test_decisions_whose_chances_were_recorded_wrongly_are_left_out_and_counted(ledger: Ledger) -> None:
    closed(ledger, 1, "recalibrate", "healed", learning=before_planning(EVEN, "retrain"))
    closed(ledger, 2, "recalibrate", "healed", learning=before_planning({"recalibrate": 1.0}, "recalibrate"))
    closed(ledger, 3, "retrain", "healed", learning=before_planning({"retrain": 1.0, "hold": 0.0}, "", mode="shadow"))
    closed(ledger, 4, "retrain", "worse", learning=by_chance(EVEN, "retrain"))
    # The first was drawn among two actions. What was chosen with certainty is right in records of any version.
    said = logged(ledger)
    assert [(item.chosen, item.healed) for item in said] == [
        ("recalibrate", True), ("retrain", True), ("retrain", False)
    ]  # fmt: skip
    # Its outcome is known all the same: with two outcomes' weight on even, (2 · 0.5 + 2) / 4 after two of them.
    assert said[-1].expected["recalibrate"] == pytest.approx(3 / 4)
    told = learning_report(ledger, Path("/nowhere"), Learning())
    assert (told["outcomes"], told["decisions"], told["left_out"]) == (4, 4, 1)
