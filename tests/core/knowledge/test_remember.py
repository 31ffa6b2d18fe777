"""A closed incident is knowledge for the next one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.knowledge import open_library
from airmedic_core.knowledge.remember import likeness, memories, summary_of
from airmedic_core.ledger import Ledger
from airmedic_core.records import ActionResult, Cause, IncidentState, Permission, Proposal, Verdict
from tests.core.diagnose.stories import Story, a_workspace, nulls


@pytest.fixture
def story(tmp_path):  # type: ignore[no-untyped-def]
    return Story(a_workspace(tmp_path))


def corrupted(story: Story, fingerprint: str) -> str:
    broken = [nulls("income", 0.4, Verdict.ALERT, Cause.DATA_CORRUPTION)]
    batch = story.pass_days(cause=Cause.DATA_CORRUPTION, data=broken)
    return story.open(batch, Cause.DATA_CORRUPTION, fingerprint=fingerprint).id


def test_a_closed_incident_is_found_by_the_next_one_like_it(story: Story) -> None:
    story.pass_days(3)
    first = corrupted(story, "first")
    diagnose(story.ws, first)
    story.ws.ledger.move_incident(first, IncidentState.RESOLVED)
    story.pass_days(2)
    second = corrupted(story, "second")
    packet = collect_evidence(story.ws, second)
    similar = [item for item in packet.items if item.kind == "similar"]
    assert similar[0].subject == first
    assert similar[0].value == 1.0, "both alarm on the same column and nothing else"
    assert first in diagnose(story.ws, second).similar_incidents


def test_the_same_fingerprint_is_a_recurrence(story: Story) -> None:
    story.pass_days(3)
    first = corrupted(story, "same")
    diagnose(story.ws, first)
    story.ws.ledger.move_incident(first, IncidentState.RESOLVED)
    second = corrupted(story, "same")
    packet = collect_evidence(story.ws, second)
    assert [item.subject for item in packet.items if item.kind == "recurrence"] == [first]
    assert "it is back" in diagnose(story.ws, second).summary


def test_what_came_back_has_not_held_and_is_tried_no_more_without_people(story: Story) -> None:
    """Two quarantines, of which one came back: one of two held, in the sums and in what is recommended."""
    story.pass_days(3)
    for fingerprint, before in (("lasting", ""), ("same", ""), ("same", "same")):
        incident = corrupted(story, fingerprint)
        resolution = {"recurrence_of": first} if before else {}  # noqa: F821 - the one before
        story.ws.ledger.move_incident(incident, IncidentState.OPEN, resolution=resolution)
        diagnosis = diagnose(story.ws, incident)
        if before:
            break
        quarantined(story, incident)
        first = incident
    outcomes = {memory.incident.id: memory.outcome for memory in memories(story.ws.ledger)}
    assert sorted(outcomes.values()) == ["came back", "held"]
    assert outcomes[first] == "came back"
    assert "What held: quarantine 1 of 2." in summary_of(memories(story.ws.ledger))
    packet = story.ws.ledger.packet(incident)
    assert packet is not None
    said = {item.kind: item.statement for item in packet.items if item.kind in {"recurrence", "memory"}}
    assert "quarantine held in 1 of 2 past incidents" in said["memory"]
    assert "quarantine (done), and it is back" in said["recurrence"]
    last = diagnosis.actions[-1]
    assert (last.action, last.condition) == ("escalate", "if the problem comes back again")
    assert "tried before and the problem came back" in last.why


def quarantined(story: Story, incident_id: str) -> None:
    ledger, now = story.ws.ledger, datetime.now(UTC)
    proposal = Proposal(incident_id, "churn", "quarantine", {}, "", Permission.AUTO, "", now, now + timedelta(hours=1))
    ledger.record_proposal(proposal)
    ledger.answer_proposal(proposal.hash, "approve", by="policy", at=now, channel="policy")
    ledger.begin_action(proposal, {}, now=now)
    ledger.finish_action(ActionResult(proposal.hash, "quarantine", "done", "", 1.0, {}), now=now)
    ledger.move_incident(incident_id, IncidentState.RESOLVED, closed_at=now)


def test_open_incidents_are_not_memories(story: Story) -> None:
    corrupted(story, "open")
    assert memories(story.ws.ledger) == []
    assert summary_of(memories(story.ws.ledger)) == "No incident was closed yet."


def test_the_ledger_is_asked_as_often_for_three_incidents_as_for_one(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    reading = Ledger._reading
    monkeypatch.setattr(Ledger, "_reading", lambda ledger: asked.append(1) or reading(ledger))
    questions = []
    for number in range(3):
        incident = corrupted(story, f"number {number}")
        diagnose(story.ws, incident)
        story.ws.ledger.move_incident(incident, IncidentState.RESOLVED)
        asked.clear()
        recalled = memories(story.ws.ledger)
        questions.append(len(asked))
        assert len(recalled) == number + 1
        assert all(memory.signature for memory in recalled)
    assert questions == [3, 3, 3]  # the incidents, what was done for them, and their evidence


def test_remembered_incidents_can_be_searched_with_the_written_ones(story: Story) -> None:
    first = corrupted(story, "first")
    diagnose(story.ws, first)
    story.ws.ledger.move_incident(first, IncidentState.RESOLVED)
    library = open_library(story.ws.settings.content, story.ws.ledger)
    hits = library.search("corruption of income", kind="incident", model="churn")
    assert first in {hit.section.source for hit in hits.hits}
    assert "1 closed incident: data corruption 1." in summary_of(memories(story.ws.ledger))


def test_likeness_is_the_share_of_common_alarms() -> None:
    assert likeness(["a", "b", "c"], ["b", "c", "d"]) == 0.5, "two of four"
    assert likeness([], []) == 0.0
