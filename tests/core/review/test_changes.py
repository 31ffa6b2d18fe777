"""The changes besides thresholds: longer windows, checked again on their rows, and a longer cooldown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.decide import propose
from airmedic_core.errors import PolicyError, SpecError
from airmedic_core.execution import carry_out
from airmedic_core.policy import policy_of
from airmedic_core.records import ActionResult, Cause, Incident, IncidentState, Permission, Proposal, Verdict
from airmedic_core.review import review_due, suggestions
from airmedic_core.review.changes import cooldown, window_length
from airmedic_core.review.critic import questions
from airmedic_core.review.review import review
from airmedic_core.workspace import Workspace
from tests.core.diagnose.stories import Story, a_workspace, psi

NOW = datetime.now(UTC) - timedelta(hours=1)
LIMIT = "policy.limits.cooldown_minutes"


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(a_workspace(tmp_path))


def retrain(story: Story, after_minutes: float, *, helped: bool) -> None:
    """Carry out a training for an incident of its own, so many minutes after the last."""
    ledger = story.ws.ledger
    done = ledger.actions(model=story.ws.spec.name)
    at = (done[-1].started_at if done else NOW - timedelta(days=20)) + timedelta(minutes=after_minutes)
    incident = story.open(story.pass_days(), Cause.CONCEPT_DRIFT)
    proposal = Proposal(
        incident.id, incident.model, "retrain", {}, "", Permission.AUTO, "", at, at + timedelta(hours=1)
    )
    ledger.record_proposal(proposal)
    ledger.answer_proposal(proposal.hash, "approve", by="ada", at=at, channel="airflow")
    ledger.begin_action(proposal, {}, now=at)
    result = ActionResult(proposal.hash, "retrain", "done" if helped else "failed", "", 1.0, {})
    if not helped:
        ledger.take_back_action(result)
    ledger.finish_action(result, now=at + timedelta(minutes=5))
    ledger.move_incident(incident.id, IncidentState.RESOLVED if helped else IncidentState.ESCALATED, closed_at=at)


def test_a_cooldown_grows_over_repetitions_that_did_not_help(story: Story) -> None:
    """By hand: the last futile one came after 170 minutes; the next half hour is 180, and none that helped is below."""
    for minutes, helped in ((0, True), (70, False), (100, False), (170, False), (400, True)):
        retrain(story, minutes, helped=helped)
    (suggestion,) = [suggestion for suggestion in suggestions(story.ws) if suggestion.key == LIMIT]
    assert (suggestion.before, suggestion.after, len(suggestion.spared), suggestion.kept) == (60, 180, 3, 1)


def test_a_cooldown_holds_back_nothing_that_helped(story: Story) -> None:
    for minutes, helped in ((0, True), (70, False), (100, False), (170, False), (130, True)):
        retrain(story, minutes, helped=helped)
    (suggestion,) = [suggestion for suggestion in suggestions(story.ws) if suggestion.key == LIMIT]
    assert (suggestion.after, len(suggestion.spared)) == (120, 2)


def test_two_futile_repetitions_are_not_enough(story: Story) -> None:
    for minutes, helped in ((0, True), (70, False), (100, False)):
        retrain(story, minutes, helped=helped)
    assert cooldown.Cooldown().in_question(story.ws, ()) == []


def test_an_accepted_limit_holds_until_it_is_taken_back(story: Story) -> None:
    for minutes, helped in ((0, True), (70, False), (100, False), (170, False), (400, True)):
        retrain(story, minutes, helped=helped)
    last = story.ws.ledger.actions(model="churn")[-1].started_at
    made = review(story.ws, "r1", now=NOW)
    assert made.setting is not None
    assert made.setting.params["key"] == LIMIT
    ledger = story.ws.ledger
    ledger.answer_proposal(made.setting.hash, "approve", by="ada", at=NOW, channel="airflow")
    assert carry_out(story.ws, made.setting.hash, now=NOW).status == "done"
    assert policy_of(story.ws).limits_in("production").cooldown_minutes == 180
    opened = Workspace.open(story.ws.spec, story.ws.settings)
    assert opened.spec == story.ws.spec, "the policy's settings are not the spec's"

    asked = story.open(story.pass_days(), Cause.CONCEPT_DRIFT)
    with pytest.raises(PolicyError, match="too recent"):
        propose(story.ws, asked.id, "retrain", {}, "", "", now=last + timedelta(minutes=150))
    ledger.revoke_override("churn", "setting", LIMIT, author="boris")
    assert policy_of(story.ws).limits_in("production").cooldown_minutes == 60


@pytest.mark.parametrize(
    ("key", "value", "match"),
    [("policy.limits.cooldown_minuts", 1, "cooldown_minutes"), (LIMIT, -1, "cooldown_minutes")],
)
def test_no_other_limit_can_be_set(story: Story, key: str, value: float, match: str) -> None:
    with pytest.raises(SpecError, match=match):
        policy_of(story.ws).with_limits({key: value})


def test_a_limit_holds_in_every_environment(story: Story) -> None:
    policy = policy_of(story.ws).model_copy(update={"environments": {"staging": {"cooldown_minutes": 0}}})
    assert policy.with_limits({LIMIT: 90}).limits_in("staging").cooldown_minutes == 90


# False alarms


def false_alarm(story: Story, effect: float = 0.12, **changes: object) -> Incident:
    moved = replace(psi("income", 0.2, Verdict.ALERT), effect=effect, limit=0.1)
    incident = story.open(story.pass_days(drift=[moved]), Cause.CONCEPT_DRIFT)
    return story.ws.ledger.move_incident(incident.id, IncidentState.REJECTED, closed_at=NOW, **changes)  # type: ignore[arg-type]


def test_the_third_false_alarm_is_an_occasion_once_a_day(story: Story) -> None:
    assert [review_due(story.ws, false_alarm(story, effect), now=NOW) for effect in (0.12, 0.13)] == ["", ""]
    third = false_alarm(story, 0.14)
    due = review_due(story.ws, third, now=NOW)
    assert due == f"after_false_alarms__{NOW:%Y-%m-%d}"
    made = review(story.ws, due, now=NOW, occasion="the review after false alarms")
    assert story.ws.ledger.incident(made.incident_id).resolution["requested_by"] == "the review after false alarms"
    assert review_due(story.ws, false_alarm(story), now=NOW + timedelta(hours=2)) == ""
    assert review_due(story.ws, false_alarm(story), now=NOW + timedelta(days=2)) != ""


def test_what_nobody_answered_is_no_false_alarm(story: Story) -> None:
    incidents = [false_alarm(story, resolution={"outcome": "unanswered"}) for _ in range(4)]
    assert review_due(story.ws, incidents[-1], now=NOW) == ""
    assert questions(story.ws) == []


def test_a_real_incident_is_no_occasion(story: Story) -> None:
    for _ in range(3):
        false_alarm(story)
    real = story.open(story.pass_days(), Cause.DATA_CORRUPTION)
    assert review_due(story.ws, real, now=NOW) == ""
    closed = story.ws.ledger.move_incident(real.id, IncidentState.RESOLVED, closed_at=NOW)
    assert review_due(story.ws, closed, now=NOW) == ""


def test_length_is_in_question_after_three_false_alarms_and_cannot_be_played_back_without_rows(story: Story) -> None:
    for _ in range(3):
        false_alarm(story)
    (asked,) = [question for question in questions(story.ws) if question.key == window_length.KEY]
    assert (asked.before, asked.options, len(asked.witnesses)) == ("day", ("2 days",), 3)
    played = asked.play("2 days")
    assert not played.holds, "rows that are gone bear nothing out"
