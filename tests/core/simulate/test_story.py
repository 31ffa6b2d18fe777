from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from airmedic_core.records import REQUESTED, Cause, Incident, IncidentState, Severity
from airmedic_core.simulate.story import (
    CHAPTERS,
    DAYS_UNNOTICED,
    QUIET_DAYS_BETWEEN,
    QUIET_DAYS_FIRST,
    Day,
    Pause,
    is_told,
    next_in_story,
)
from airmedic_core.windows import as_utc

FIRST = date(2026, 1, 29)


def incident_of(day: Day) -> Incident:
    window = day.window
    return Incident(
        id=f"incident of {day.date}",
        model="subscription_churn",
        state=IncidentState.OPEN,
        severity=Severity.HIGH,
        cause=Cause.UNKNOWN,
        headline="",
        fingerprint="",
        window=window,
        as_of=window.end,
        batch_ids=(),
        opened_at=window.end,
    )


def closed(incident: Incident) -> Incident:
    return replace(incident, state=IncidentState.RESOLVED, closed_at=as_utc("2026-12-31"))


def told_by(*, noticing: bool) -> tuple[list[Day], list[Incident]]:
    """Play the story to its end; each trouble is noticed on its first day and healed, or never."""
    days: list[Day] = []
    incidents: list[Incident] = []
    while not is_told(days):
        following = next_in_story(days, incidents, first=FIRST, assessed=True)
        if isinstance(following, Pause):
            incidents = [closed(incident) for incident in incidents]
            continue
        began = following.phase == "trouble" and (not days or days[-1].phase != "trouble")
        days.append(following)
        if began and noticing:
            incidents.append(incident_of(following))
    return days, incidents


def test_every_trouble_comes_once_and_in_order() -> None:
    days, incidents = told_by(noticing=True)
    began = [day.chapter for day, before in zip(days[1:], days, strict=False) if day.phase == "trouble" != before.phase]
    assert began == [chapter.name for chapter in CHAPTERS]
    assert len(incidents) == len(CHAPTERS)


def test_days_follow_one_another_without_a_gap() -> None:
    days, _ = told_by(noticing=True)
    dates = [date.fromisoformat(day.date) for day in days]
    assert dates == [FIRST + timedelta(days=number) for number in range(len(days))]


def test_quiet_days_come_first_and_between() -> None:
    days, _ = told_by(noticing=True)
    assert [day.phase for day in days[:QUIET_DAYS_FIRST]] == ["quiet"] * QUIET_DAYS_FIRST
    for chapter in CHAPTERS:
        recovered = [day for day in days if (day.chapter, day.phase) == (chapter.name, "recovered")]
        assert len(recovered) == QUIET_DAYS_BETWEEN


def test_production_waits_while_an_incident_is_open() -> None:
    day = Day(FIRST.isoformat(), "upstream_fault", "trouble")
    incident = incident_of(day)
    waiting = next_in_story([day], [incident], first=FIRST, assessed=True)
    assert isinstance(waiting, Pause)
    assert incident.id in waiting.reason
    following = next_in_story([day], [closed(incident)], first=FIRST, assessed=True)
    assert isinstance(following, Day)
    assert following.phase == "recovered"


def test_what_a_person_asks_for_holds_nothing_up() -> None:
    day = Day(FIRST.isoformat(), "upstream_fault", "trouble")
    asked = replace(incident_of(day), fingerprint=REQUESTED)
    following = next_in_story([day], [asked], first=FIRST, assessed=True)
    assert isinstance(following, Day)
    assert following.phase == "trouble", "nobody has noticed the trouble by asking for something"


def test_production_waits_until_the_last_day_was_assessed() -> None:
    days = [Day(FIRST.isoformat(), "", "quiet")]
    assert isinstance(next_in_story(days, [], first=FIRST, assessed=False), Pause)


def test_a_trouble_that_nobody_notices_does_not_hold_up_the_story() -> None:
    days, _ = told_by(noticing=False)
    first = [day for day in days if (day.chapter, day.phase) == (CHAPTERS[0].name, "trouble")]
    assert len(first) == DAYS_UNNOTICED


@pytest.mark.parametrize(
    ("chapter", "phase", "true"),
    [
        ("", "quiet", set()),
        ("upstream_fault", "trouble", {"upstream_fault"}),
        ("upstream_fault", "recovered", set()),
        ("partner_campaign", "recovered", {"partner_campaign"}),
        ("rival_offer", "trouble", {"partner_campaign", "rival_offer"}),
        ("bad_deployment", "trouble", {"partner_campaign", "rival_offer"}),
    ],
)
def test_faults_are_repaired_and_changes_of_the_world_stay(chapter: str, phase: str, true: set[str]) -> None:
    world = Day(FIRST.isoformat(), chapter, phase).world
    assert {name for name, value in vars(world).items() if value} == true
