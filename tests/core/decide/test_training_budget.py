"""The budget for compute."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Request, decide
from airmedic_core.decide.explain import explain_action
from airmedic_core.decide.training_budget import minutes_spent, over_trial_budget, trial_seconds_left
from airmedic_core.errors import PolicyError
from airmedic_core.execution import carry_out
from airmedic_core.policy import Limits
from airmedic_core.records import ActionResult, Permission, Proposal
from airmedic_core.training.adopt import adopt
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, incident_of, renewals, workspace

HOUR = timedelta(hours=1)
LONGEST = ACTIONS.member("retrain").deadline_seconds


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    ws = workspace(tmp_path, renewals(days=5, per_day=5))
    (tmp_path / "policies").unlink()
    (tmp_path / "policies").mkdir()
    limit(ws, training_minutes_per_day=60, training_minutes_per_day_fleet=100)
    return ws


def limit(ws: Workspace, **limits: float) -> None:
    rules = [{"actions": ["retrain", "quarantine"], "permission": "ask"}]
    text = yaml.safe_dump({"permissions": rules, "limits": limits | {"cooldown_minutes": 0}})
    (ws.settings.policies / "default.yaml").write_text(text)


def trained(ws: Workspace, minutes: float | None, *, at: datetime = NOW - HOUR, model: str = "renewals") -> Proposal:
    """Record a training that took so long; one without an end was killed, or runs."""
    proposal = Proposal(f"{model}__{minutes}", model, "retrain", {}, "", Permission.ASK, "", NOW - HOUR, NOW)
    number = ws.ledger.begin_training(proposal, now=at)
    if minutes is not None:
        ws.ledger.end_training(number, seconds=60 * minutes)
    return proposal


@pytest.mark.parametrize(
    ("mine", "others", "limit_named"),
    [
        (59.9, 0, ""),
        (60, 0, "training_minutes_per_day"),
        (10, 89.9, ""),
        (10, 90, "training_minutes_per_day_fleet"),
        (0, 100, "training_minutes_per_day_fleet"),
    ],
)
def test_what_is_spent_refuses_the_next_training_with_the_rule_that_does(
    ws: Workspace, mine: float, others: float, limit_named: str
) -> None:
    trained(ws, mine)
    trained(ws, others, model="churn")
    decision = decide(ws, incident_of(ws, 3).id, Request("retrain", by="ada"), now=NOW)
    stopped = [skipped["limit"] for skipped in decision.skipped if skipped["action"] == "retrain"]
    assert stopped == ([limit_named] if limit_named else [])
    told = explain_action(ws, "retrain", now=NOW)
    assert told["training_minutes"] == {
        "model": {"spent": pytest.approx(mine), "allowed": 60},
        "fleet": {"spent": pytest.approx(mine + others), "allowed": 100},
    }
    assert list(told["stopped_by"]) == ([limit_named] if limit_named else [])


def test_what_does_not_train_heeds_no_budget_for_compute(ws: Workspace) -> None:
    trained(ws, 600)
    assert decide(ws, incident_of(ws, 3).id, Request("quarantine", by="ada"), now=NOW).skipped == ()
    assert explain_action(ws, "quarantine", now=NOW)["training_minutes"] == {}


def once_trained(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> tuple[Proposal, ActionResult]:
    """Let a training have been carried out that offers another way, and that must not be trained again."""
    retrain = ACTIONS.member("retrain")
    monkeypatch.setattr(type(retrain), "has_more", lambda *_: True)
    monkeypatch.setattr(type(retrain), "again", lambda *_: pytest.fail("It was trained again."))
    proposal = approved(ws, incident_of(ws, 3), "retrain", {})
    ws.ledger.begin_action(proposal, {})
    done = ActionResult(proposal.hash, "retrain", "done", "Version 2 is trained.", 1.0, {"version": "2"})
    ws.ledger.finish_action(done)
    return proposal, done


@pytest.mark.parametrize(
    ("policy", "limit"),
    [
        ({"permissions": []}, "policy"),
        ({"freezes": [{"start": "2020-01-01", "end": "2099-01-01", "reason": "Year end"}]}, "freeze"),
    ],
)
def test_a_refused_challenger_is_not_improved_where_the_policy_stops_it_meanwhile(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, policy: dict[str, object], limit: str
) -> None:
    proposal, done = once_trained(ws, monkeypatch)
    rules = [{"actions": ["retrain"], "permission": "ask"}]
    (ws.settings.policies / "default.yaml").write_text(yaml.safe_dump({"permissions": rules} | policy))
    assert carry_out(ws, proposal.hash, now=NOW) == done
    assert ws.ledger.decisions(proposal.incident_id)[-1]["skipped"][0]["limit"] == limit


def test_the_budget_is_one_of_24_hours(ws: Workspace) -> None:
    trained(ws, 600, at=NOW - 25 * HOUR)
    trained(ws, 7, at=NOW - 23 * HOUR)
    assert minutes_spent(ws.ledger, "renewals", now=NOW, most_seconds=LONGEST).model == pytest.approx(7)


def test_a_training_without_an_end_counts_until_its_retry_or_its_deadline(ws: Workspace) -> None:
    trained(ws, None, at=NOW - 0.5 * HOUR)
    spent = minutes_spent(ws.ledger, "renewals", now=NOW, most_seconds=LONGEST)
    assert spent.model == pytest.approx(30)  # it runs since half an hour
    trained(ws, None, at=NOW - 0.25 * HOUR)
    spent = minutes_spent(ws.ledger, "renewals", now=NOW, most_seconds=LONGEST)
    assert spent.model == pytest.approx(15 + 15)  # it was killed, and begun anew a quarter of an hour later
    spent = minutes_spent(ws.ledger, "renewals", now=NOW + 20 * HOUR, most_seconds=LONGEST)
    assert spent.model == pytest.approx(15 + LONGEST / 60)


def test_what_was_approved_is_not_begun_once_the_budget_is_spent(ws: Workspace) -> None:
    proposal = approved(ws, incident_of(ws, 3), "retrain", {})
    trained(ws, 60)
    with pytest.raises(PolicyError, match=r"The trainings of this model took 60 of 60 minutes .*\(training_minutes"):
        carry_out(ws, proposal.hash, now=NOW)
    (stopped,) = ws.ledger.actions(incident_id=proposal.incident_id)
    assert stopped.status == "stopped"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM trainings",
        "UPDATE trainings SET seconds = 1",
        "UPDATE trainings SET started_at = '2020-01-01 00:00:00.000000'",
        "UPDATE trainings SET model = 'churn'",
    ],
)
def test_a_training_whose_row_is_edited_or_deleted_has_taken_what_it_took(ws: Workspace, statement: str) -> None:
    now = datetime.now(UTC)
    trained(ws, 60, at=now - HOUR)
    with closing(sqlite3.connect(ws.settings.home / "ledger.db")) as connection:
        connection.execute(statement)
        connection.commit()
    spent = minutes_spent(ws.ledger, "renewals", now=now, most_seconds=LONGEST)
    assert (spent.model, spent.fleet) == (pytest.approx(60), pytest.approx(60))
    assert [training.seconds for training in ws.ledger.trainings(since=now - 2 * HOUR, model="renewals")] == [3600]
    assert ws.ledger.trainings(since=now, model="renewals") == []


def test_a_training_is_recorded_and_vouched_for(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals(days=40, per_day=30))
    adopt(ws, by="anna")
    incident = incident_of(ws, 34)
    params, _ = ACTIONS.member("retrain").plan(ws, incident, None)
    proposal = approved(ws, incident, "retrain", params)
    before = datetime.now(tz=NOW.tzinfo)
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "done"
    (training,) = ws.ledger.trainings(since=before)
    assert (training.model, training.proposal_hash) == ("renewals", proposal.hash)
    assert training.seconds is not None
    assert 0 < training.seconds < result.seconds
    assert ws.ledger.audit_problems()[0] == []


def test_a_refused_challenger_is_not_improved_beyond_the_budget(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal, done = once_trained(ws, monkeypatch)
    trained(ws, 60)
    assert carry_out(ws, proposal.hash, now=NOW) == done
    last = ws.ledger.decisions(proposal.incident_id)[-1]
    assert last["reason"].startswith("No further attempt is made. The trainings of this model took")
    assert last["skipped"][0]["limit"] == "training_minutes_per_day"


def test_trials_that_run_count_with_all_that_they_may_take(ws: Workspace) -> None:
    limits = Limits(trial_minutes_per_day=30, trial_minutes_per_day_fleet=75)
    for number in range(2):
        assert over_trial_budget(ws.ledger, limits, model="renewals", action="retrain", now=NOW) is None
        ws.ledger.begin_trial(f"other {number}", f"plan {number}", now=NOW)
    # 75 minutes less two times 30.
    assert trial_seconds_left(ws.ledger, limits, model="renewals", now=NOW) == pytest.approx(15 * 60)
    ws.ledger.begin_trial("third", "plan", now=NOW)
    stopped = over_trial_budget(ws.ledger, limits, model="renewals", action="retrain", now=NOW)
    assert stopped is not None
    assert stopped.limit == "trial_minutes_per_day_fleet"
    assert trial_seconds_left(ws.ledger, limits, model="renewals", now=NOW) == 0


def test_a_killed_trial_counts_no_longer_than_it_might_have_taken(ws: Workspace) -> None:
    ws.ledger.begin_trial("renewals", "plan", now=NOW - 10 * HOUR)
    spent = minutes_spent(ws.ledger, "renewals", now=NOW, most_seconds=LONGEST, most_trial_seconds=1800)
    assert spent.model == pytest.approx(30)
