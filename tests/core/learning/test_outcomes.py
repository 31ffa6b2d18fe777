"""Which outcomes count: those that are verified and that the audit chain vouches for."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from airmedic_core.errors import AuditError
from airmedic_core.learning.outcomes import Tally, tally, verified_outcomes
from airmedic_core.ledger import Ledger
from airmedic_core.records import Cause
from tests.core.learning.cases import CAUSE, closed


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Ledger:
    return Ledger.open(url)


def counted(ledger: Ledger, action: str = "retrain", cause: Cause = CAUSE) -> Tally:
    return tally(verified_outcomes(ledger.experience()), cause, action)


def behind_its_back(url: str, statement: str, *, changes: bool = True) -> None:
    with create_engine(url).begin() as connection:
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        done = connection.execute(text(statement))
        assert done.rowcount > 0 or not changes


def test_verified_outcomes_of_the_same_cause_count(ledger: Ledger) -> None:
    closed(ledger, 1, "retrain", "refused")
    closed(ledger, 2, "retrain", "healed")
    closed(ledger, 3, "retrain", "healed", cause=Cause.CONCEPT_DRIFT)
    assert counted(ledger) == Tally(1, 1)
    assert counted(ledger, cause=Cause.CONCEPT_DRIFT) == Tally(1, 0)


def test_a_deployment_is_credited_to_the_action_that_it_came_of_and_to_no_other(ledger: Ledger) -> None:
    closed(ledger, 1, "deploy", "healed", decided="retrain")
    closed(ledger, 2, "deploy", "undone", decided="recalibrate")
    assert counted(ledger, "retrain") == Tally(1, 0)
    assert counted(ledger, "recalibrate") == Tally(0, 1)


@pytest.mark.parametrize("outcome", ["rejected", "unanswered", "dry_run", "escalated", "stopped", "closed_by_hand"])
def test_what_could_not_be_judged_says_nothing(ledger: Ledger, outcome: str) -> None:
    closed(ledger, 1, "retrain", outcome)
    assert counted(ledger) == Tally(0, 0)


def test_an_outcome_without_its_verification_on_record_does_not_count(ledger: Ledger) -> None:
    closed(ledger, 1, "retrain", "healed", verified=False)
    assert counted(ledger) == Tally(0, 0)


def test_an_incident_that_came_back_counts_against_what_seemed_to_heal_it(ledger: Ledger) -> None:
    closed(ledger, 1, "retrain", "healed")
    closed(ledger, 2, "retrain", "healed", recurrence_of="i1")
    assert counted(ledger) == Tally(1, 1)


def test_a_row_that_was_edited_changes_nothing(ledger: Ledger, url: str) -> None:
    closed(ledger, 1, "retrain", "worse")
    behind_its_back(url, "UPDATE incidents SET resolution = replace(resolution, 'worse', 'healed')")
    assert ledger.incident("i1").resolution["outcome"] == "healed"
    assert counted(ledger) == Tally(0, 1)


def test_an_incident_that_was_put_in_does_not_count(ledger: Ledger, url: str) -> None:
    closed(ledger, 1, "retrain", "worse")
    behind_its_back(url, "CREATE TABLE copied AS SELECT * FROM incidents", changes=False)
    behind_its_back(url, "UPDATE copied SET id = 'i2'")
    behind_its_back(url, "INSERT INTO incidents SELECT * FROM copied")
    assert len(ledger.incidents()) == 2
    assert counted(ledger) == Tally(0, 1)


def test_a_row_that_was_deleted_hides_its_incident_and_the_ledger_says_so(ledger: Ledger, url: str) -> None:
    closed(ledger, 1, "retrain", "worse")
    closed(ledger, 2, "retrain", "healed")
    behind_its_back(url, "DELETE FROM incidents WHERE id = 'i1'")
    assert counted(ledger) == Tally(1, 0)
    with pytest.raises(AuditError, match="i1"):
        ledger.verify_audit()


def test_an_incident_whose_record_in_the_chain_was_edited_does_not_count_and_is_named(ledger: Ledger, url: str) -> None:
    closed(ledger, 1, "retrain", "worse")
    closed(ledger, 2, "retrain", "worse")
    behind_its_back(
        url,
        "UPDATE audit SET payload = replace(payload, 'worse', 'healed') "
        "WHERE subject = 'i1' AND payload LIKE '%worse%'",
    )
    assert counted(ledger) == Tally(0, 1)
    assert ledger.experience().unvouched == ("i1",)


def test_a_verification_whose_record_was_edited_does_not_count(ledger: Ledger, url: str) -> None:
    closed(ledger, 1, "retrain", "healed")
    behind_its_back(url, "UPDATE audit SET payload = replace(payload, 'Done.', 'Good.') WHERE kind = 'action_ended'")
    assert counted(ledger) == Tally(0, 0)
    assert ledger.experience().unvouched == ("i1",)


def test_only_the_newest_incidents_are_read(ledger: Ledger) -> None:
    for number in range(5):
        closed(ledger, number, "retrain", "worse")
    assert [case.incident_id for case in ledger.experience(most=2).cases] == ["i3", "i4"]


def test_the_steps_of_a_rollout_take_no_credit_from_the_training(ledger: Ledger) -> None:
    closed(ledger, 1, "deploy", "healed", decided="retrain")
    (case,) = ledger.experience().cases
    # What is recorded last is a step of the deployment: it chose nothing.
    assert [decision["action"] for decision in case.decisions] == ["retrain", "deploy"]
    (outcome,) = verified_outcomes(ledger.experience())
    assert (outcome.action, outcome.healed) == ("retrain", True)


def test_a_trial_that_was_promoted_is_credited_to_the_training_that_it_tried(ledger: Ledger) -> None:
    closed(ledger, 1, "promote_trial", "changed", decided="recalibrate")
    assert counted(ledger, "recalibrate") == Tally(1, 0)
    assert counted(ledger, "promote_trial") == Tally(0, 0)


def test_a_training_that_was_not_carried_out_takes_no_credit(ledger: Ledger) -> None:
    closed(ledger, 1, "deploy", "healed", decided="retrain", carried_out=False)
    assert (counted(ledger), counted(ledger, "deploy")) == (Tally(0, 0), Tally(1, 0))


def test_a_training_that_an_approver_narrowed_is_credited(ledger: Ledger) -> None:
    closed(ledger, 1, "deploy", "healed", decided="retrain", narrowed=True)
    assert counted(ledger) == Tally(1, 0)


def test_rows_that_were_put_in_push_no_incident_out(ledger: Ledger, url: str) -> None:
    for number in range(3):
        closed(ledger, number, "retrain", "worse")
    behind_its_back(url, "CREATE TABLE copied AS SELECT * FROM incidents WHERE id = 'i0'", changes=False)
    behind_its_back(url, "UPDATE copied SET opened_at = '2099-01-01 00:00:00.000000'")
    for number in range(4):
        behind_its_back(url, f"UPDATE copied SET id = 'forged{number}'")  # noqa: S608  a number of this test
        behind_its_back(url, "INSERT INTO incidents SELECT * FROM copied")
    experience = ledger.experience(most=2)
    assert [case.incident_id for case in experience.cases] == ["i1", "i2"]
    assert experience.unvouched == ("forged0", "forged1", "forged2", "forged3")
    assert experience.problem.startswith("4 incidents do not count")


def test_an_incident_whose_cause_is_not_known_any_more_stops_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(ledger, 1, "retrain", "worse")
    closed(ledger, 2, "retrain", "healed")
    asked = 0

    def known_to_this_version(name: str) -> Cause:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ValueError(name)
        return Cause(name)

    monkeypatch.setattr("airmedic_core.ledger.experience.Cause", known_to_this_version)
    experience = ledger.experience()
    # The newest is read first.
    assert [case.incident_id for case in experience.cases] == ["i1"]
    assert experience.problem == "Incidents of causes that are not known do not count: label_shift."
