"""A review proposes one threshold and one expectation, which people answer, and which can be taken back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.records import Cause, IncidentState, Verdict
from airmedic_core.review import analyse, review
from airmedic_core.workspace import with_settings
from tests.core.diagnose.stories import FIRST_DAY, Story, a_spec, a_workspace, nulls, psi

NOW = datetime.now(UTC) - timedelta(hours=1)
"""Overrides expire by the clock."""
UNTIL = NOW.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=90)
CORRUPT = Cause.DATA_CORRUPTION
DAYS, FAULTY = 12, (4, 9)
KEY = "quality.expectations.humidity_range"


def weather() -> pd.DataFrame:
    """Humidity between 40 and 60 %, and 0 on two days on which the sensor was down."""
    hours = pd.date_range(FIRST_DAY, periods=24 * DAYS, freq="h")
    humidity = np.tile(np.linspace(40.0, 60.0, 24), DAYS)
    humidity[np.isin((hours - FIRST_DAY).days, FAULTY)] = 0.0
    return pd.DataFrame({"day": hours.astype(str), "humidity": humidity, "income": 1.0, "churned": 0})


@pytest.fixture
def story(tmp_path: Path) -> Story:
    rows = tmp_path / "rows.csv"
    weather().to_csv(rows, index=False)
    ws = a_workspace(tmp_path, a_spec(data={"path": str(rows), "time_column": "day"}, upstream_dag="ingest"))
    content = tmp_path / "content"
    shutil.copytree(ws.settings.content / "policies", content / "policies")
    return Story(replace(ws, settings=replace(ws.settings, content=content)))


def faults(story: Story, column: str = "humidity") -> None:
    """Record the days, the faulty ones with an incident that was resolved."""
    for day in range(DAYS):
        if day not in FAULTY:
            story.pass_days()
            continue
        finding = nulls(column, 1.0, Verdict.ALERT, CORRUPT)
        incident = story.open(story.pass_days(cause=CORRUPT, data=[finding]), CORRUPT)
        story.ws.ledger.move_incident(incident.id, IncidentState.RESOLVED)


def false_alarms(story: Story) -> None:
    for effect in (0.12, 0.13, 0.14):
        moved = replace(psi("income", 0.2, Verdict.ALERT), effect=effect, limit=0.1)
        incident = story.open(story.pass_days(drift=[moved]), Cause.HARMLESS_COVARIATE_SHIFT)
        story.ws.ledger.move_incident(incident.id, IncidentState.RESOLVED)


def test_an_expectation_is_proposed_where_a_fault_came_back(story: Story) -> None:
    """By hand: sound values lie in 40 to 60, and a tenth of that range is the margin."""
    faults(story)
    analysis = analyse(story.ws)
    by_name = {suggestion.name: suggestion for suggestion in analysis.expectations}
    assert set(by_name) == {"humidity_range", "humidity_distinct"}, "no value was missing, so nulls catch nothing"
    kwargs = {"column": "humidity", "min_value": 38.0, "max_value": 62.0, "mostly": 0.95}
    suggestion = by_name["humidity_range"]
    assert suggestion.expectation == {"type": "expect_column_values_to_be_between", "kwargs": kwargs}
    assert (len(suggestion.caught), suggestion.faulty, suggestion.sound) == (2, 2, 10)
    (fault,) = analysis.faults
    said = fault.recommendation("ingest")
    assert "humidity had data corruption in 2 windows (2026-03-10" in said
    assert "pipeline ingest could leave out values that were not measured" in said


def test_a_fault_that_was_seen_once_is_an_accident(story: Story) -> None:
    story.pass_days(cause=CORRUPT, data=[nulls("humidity", 1.0, Verdict.ALERT, CORRUPT)])
    story.pass_days(5)
    assert analyse(story.ws).faults == ()
    assert review(story.ws, "r1", now=NOW).incident_id == ""
    assert story.ws.ledger.incidents() == [], "nothing to say leaves no record"


def test_what_the_spec_expects_already_is_not_proposed(story: Story) -> None:
    faults(story)
    (first, *_) = analyse(story.ws).expectations
    spec = with_settings(story.ws.spec, {first.key: first.value})
    assert first.name not in {expectation.name for expectation in analyse(replace(story.ws, spec=spec)).expectations}


def test_private_columns_are_left_out(story: Story) -> None:
    faults(story)
    spec = with_settings(story.ws.spec, {"private": ["humidity"]})
    assert analyse(replace(story.ws, spec=spec)).expectations == ()


def test_what_cannot_be_read_any_more_has_no_say(story: Story, tmp_path: Path) -> None:
    faults(story)
    (tmp_path / "rows.csv").unlink()
    analysis = analyse(story.ws)
    assert analysis.expectations == ()
    assert len(analysis.faults) == 1


def test_a_review_is_answered_carried_out_and_closed(story: Story) -> None:
    faults(story)
    false_alarms(story)
    ledger = story.ws.ledger
    made = review(story.ws, "r1", now=NOW)
    assert made.setting is not None
    assert made.expectation is not None
    assert made.setting.params == {
        "key": "checks.drift.least_effect",
        "value": 0.15,
        "expires_at": UNTIL.isoformat(),
    }
    assert made.expectation.params["key"] == KEY
    assert "would have alarmed in none of 10 sound" in made.expectation.expected
    assert review(story.ws, "r1", now=NOW + timedelta(minutes=5)) == made, "a retry makes no second review"

    later = NOW + timedelta(minutes=10)
    for proposal, answer in ((made.setting, "reject"), (made.expectation, "approve")):
        given = ledger.answer_proposal(proposal.hash, answer, by="ada", at=later, channel="airflow")
        assert not given.refused_because, "two changes of one review stand side by side"
    assert carry_out(story.ws, made.expectation.hash, now=later).status == "done"
    assert close_incident(story.ws, made.incident_id, now=later).state is IncidentState.RESOLVED

    (override,) = ledger.overrides(story.ws.spec.name, "setting", now=later)
    assert (override.key, override.author) == (KEY, "ada")
    assert override.expires_at == UNTIL
    changed = with_settings(story.ws.spec, {override.key: override.value})
    assert changed.quality.expectations["humidity_range"].kwargs["min_value"] == 38.0

    again = review(replace(story.ws, spec=changed), "r2", now=NOW + timedelta(days=7))
    assert again.setting is None, "it was rejected a week ago"
    assert again.upstream == (), "it was said a week ago"


def test_what_the_policy_denies_is_on_record(story: Story) -> None:
    faults(story)
    policy = story.ws.settings.content / "policies" / "default.yaml"
    policy.write_text(policy.read_text().replace("change_setting, ", ""))
    made = review(story.ws, "r1", now=NOW)
    assert (made.setting, made.expectation) == (None, None)
    assert "denies change_setting" in story.ws.ledger.decisions(made.incident_id)[-1]["reason"]
