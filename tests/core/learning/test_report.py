"""The report of learning: records for pages, and a table of 80 columns for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.learning import learning_report, order
from airmedic_core.learning.change import look_at_change
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.experience import MOST_INCIDENTS, Experience, PastCases
from airmedic_core.policy import Learning
from airmedic_core.records import Batch, Cause, Finding, Json, Role, Verdict
from airmedic_core.terminal.learned import lines_of
from airmedic_core.windows import Window
from tests.core.learning.cases import CAUSE, START, by_chance, closed

NOWHERE = Path("/nowhere")
CHANCE = {"recalibrate": 0.75, "retrain": 0.25}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    for number, (action, outcome) in enumerate(
        [("recalibrate", "worse"), ("retrain", "healed"), ("recalibrate", "healed"), ("recalibrate", "rejected")]
    ):
        closed(ledger, number, action, outcome, learning=by_chance(CHANCE, "retrain"))
    return ledger


def report(ledger: Ledger, **more: bool) -> Json:
    return learning_report(ledger, NOWHERE, Learning(), **more)


def test_it_tells_of_each_cause_and_action_what_is_known(ledger: Ledger) -> None:
    told = report(ledger)
    assert (told["mode"], told["outcomes"], told["decisions"], told["unvouched"]) == ("shadow", 3, 4, [])
    (cause,) = told["causes"]
    assert cause["cause"] == CAUSE.value
    first, second = cause["actions"]
    # By hand: (0.7 · 8 + 1) / 10 and (0.65 · 8 + 1) / 9.
    assert (first["action"], first["successes"], first["failures"], first["mean"]) == ("recalibrate", 1, 1, 0.66)
    assert (second["action"], second["successes"], second["failures"], second["mean"]) == ("retrain", 1, 0, 0.6889)
    assert cause["would_change"] == "retrain would come before recalibrate."
    assert first["off_policy"] is None
    # By hand: (−0 + 1 / 0.25 − 1 / 0.75) / 3.
    assert second["off_policy"]["inverse_propensity"] == pytest.approx(8 / 9)
    assert second["off_policy"]["favours"] is False
    assert (second["propensity"], second["chosen_in"], second["possible_in"]) == (0.25, 1, 4)
    assert second["would_have_been_tried"] == 4
    assert second["prior_source"].startswith("Judgement")


def test_a_training_in_the_shadow_is_told_as_the_forecast_that_it_is(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    window = Window(START, START.replace(day=2))
    batch = Batch("churn", window, window.end, 10)
    ledger.record_batch(batch, model_version="1")
    finding = Finding(
        check="trial",
        subject="batch",
        statistic="auc",
        verdict=Verdict.ALERT,
        message="It helps.",
        role=Role.TRIAL,
    )
    ledger.record_findings(batch, "trial", [finding], model_version="1")
    incident = closed(ledger, 1, "recalibrate", "worse", learning=by_chance(CHANCE, "retrain"), batches=(batch.id,))
    assert incident.batch_ids == (batch.id,)
    first, second = report(ledger)["causes"][0]["actions"]
    assert (first["trials_helped"], second["trials_helped"]) == (1, 1)
    assert (second["successes"], second["failures"]) == (0, 0)


def test_without_anything_decided_the_priors_are_told_on_request(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    assert report(ledger)["causes"] == []
    told = report(ledger, every_cause=True)["causes"]
    assert {cause["cause"] for cause in told} >= {CAUSE.value, Cause.CONCEPT_DRIFT.value}
    for cause in told:
        for row in cause["actions"]:
            assert (row["successes"], row["failures"], row["propensity"]) == (0, 0, None)
            assert row["mean"] == pytest.approx(row["prior"], abs=1e-4)


def test_no_line_is_wider_than_80_columns(ledger: Ledger) -> None:
    (cause,) = report(ledger)["causes"]
    longest = cause["actions"][1] | {
        "action": "an_action_of_a_team_with_a_long_name",
        "successes": 1234,
        "failures": 1234,
        "prior_changed_by": "somebody" * 20,
        "trials_helped": 100,
        "trials_did_not_help": 100,
    }
    lines = list(lines_of(cause | {"actions": [*cause["actions"], longest]}))
    assert len(lines) > 5
    assert max(map(len, lines)) <= 80


def test_decisions_the_report_and_a_change_of_a_prior_read_the_same_incidents(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def experience(self: Ledger, *, most: int = MOST_INCIDENTS) -> Experience:
        asked.append(most)
        return PastCases.experience(self, most=most)

    monkeypatch.setattr(Ledger, "experience", experience)
    report(ledger)
    order(ledger, CAUSE, list(CHANCE), Learning(), seed="i", folder=NOWHERE)
    look_at_change(ledger, NOWHERE, Learning(), CAUSE, "retrain", mean=0.9, weight=None)
    assert asked == [MOST_INCIDENTS] * 3
