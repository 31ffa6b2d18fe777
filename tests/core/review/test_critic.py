"""The critic moves a threshold only where that spares false alarms and misses no real one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.records import Cause, IncidentState, Verdict
from airmedic_core.review import suggestions
from airmedic_core.workspace import with_settings
from tests.core.diagnose.stories import Story, a_workspace, psi

ALERT = Verdict.ALERT


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(a_workspace(tmp_path))


def alarm(story: Story, effect: float, cause: Cause, state: IncidentState, limit: float = 0.1) -> str:
    moved = replace(psi("income", 0.2, ALERT, Cause.HARMFUL_COVARIATE_SHIFT), effect=effect, limit=limit)
    batch = story.pass_days(drift=[moved])
    incident = story.open(batch, cause)
    story.ws.ledger.move_incident(incident.id, state)
    return incident.id


def false_alarms(story: Story, *effects: float) -> None:
    for effect in effects:
        alarm(story, effect, Cause.HARMLESS_COVARIATE_SHIFT, IncidentState.RESOLVED)


def test_false_alarms_move_the_threshold_just_above_them(story: Story) -> None:
    """By hand: the strongest false alarm is 0.143, the next number with two digits is 0.15."""
    story.pass_days(5)
    false_alarms(story, 0.12, -0.143, 0.131)
    (suggestion,) = suggestions(story.ws)
    assert (suggestion.key, suggestion.before, suggestion.after) == ("checks.drift.least_effect", 0.1, 0.15)
    assert len(suggestion.spared) == 3
    assert suggestion.windows == 8


def test_a_real_alarm_is_never_silenced(story: Story) -> None:
    false_alarms(story, 0.12, 0.121, 0.122, 0.16)
    alarm(story, 0.14, Cause.HARMFUL_COVARIATE_SHIFT, IncidentState.RESOLVED)
    (suggestion,) = suggestions(story.ws)
    assert suggestion.after == 0.13, "above three false alarms, below the real one of 0.14"
    assert len(suggestion.spared) == 3
    assert suggestion.kept == 1


def test_two_false_alarms_are_not_enough(story: Story) -> None:
    false_alarms(story, 0.12, 0.13)
    assert suggestions(story.ws) == []


def test_a_step_is_bounded(story: Story) -> None:
    false_alarms(story, 0.9, 0.8, 0.7)
    assert suggestions(story.ws) == [], "0.2 is the most that one review may set"


def test_alarms_under_another_limit_are_not_counted(story: Story) -> None:
    """A category's share has a limit of its own; moving the one for numbers would not spare its alarms."""
    for _ in range(4):
        alarm(story, 0.05, Cause.HARMLESS_COVARIATE_SHIFT, IncidentState.RESOLVED, limit=0.03)
    assert suggestions(story.ws) == []


def test_open_incidents_are_neither_false_nor_real(story: Story) -> None:
    for effect in (0.12, 0.13, 0.14):
        moved = replace(psi("income", 0.2, ALERT), effect=effect)
        story.open(story.pass_days(drift=[moved]), Cause.HARMLESS_COVARIATE_SHIFT)
    assert suggestions(story.ws) == []


def test_a_check_that_is_left_out_is_left_alone(story: Story) -> None:
    false_alarms(story, 0.12, 0.13, 0.14)
    spec = with_settings(story.ws.spec, {"checks.drift": False})
    assert suggestions(replace(story.ws, spec=spec)) == []
