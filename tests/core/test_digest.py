"""The digest: who is told what of which models."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.digest import Digest, digests, send_digest
from airmedic_core.ledger import Ledger
from airmedic_core.notifiers import Event, Notice
from airmedic_core.read_model import SpecShelf
from airmedic_core.records import Batch, Incident, IncidentState, Permission, Proposal
from tests.core.read_model.conftest import SPEC, content, day, ledger, observe, opened_at, settings, shelf

__all__ = ["content", "ledger", "observe", "settings", "shelf"]

NOW = day(3) + timedelta(hours=3)
TEAM = "notify: {webhook: {connection: team, digest: true}}\n"
OTHERS = "notify: {webhook: {connection: others, digest: true}, log: {}}\n"


@pytest.fixture
def told(content: Path) -> Path:
    for name, notify in (("alpha", TEAM), ("beta", TEAM), ("gamma", OTHERS), ("delta", "")):
        (content / "models" / f"{name}.yaml").write_text(SPEC.format(name=name) + notify)
    return content


def incident(batch: Batch, **more: Any) -> Incident:
    return replace(opened_at(NOW - timedelta(hours=1), batch), **more)


def proposal(opened: Incident, at: datetime) -> Proposal:
    return Proposal(opened.id, opened.model, "retrain", {}, "It helps.", Permission.ASK, "a rule", at, day(9))


@pytest.mark.usefixtures("told")
def test_each_place_is_told_once_of_all_its_models(ledger: Ledger, shelf: SpecShelf, observe: Any) -> None:
    batches = {name: observe(name, 2) for name in ("alpha", "beta", "delta")}
    opened = ledger.open_incident(incident(batches["alpha"]))
    ledger.record_proposal(proposal(opened, NOW - timedelta(hours=3)))
    ledger.move_incident(opened.id, IncidentState.AWAITING_APPROVAL)
    team, others = digests(ledger, shelf.all(), now=NOW)
    assert (team.notifier, team.options) == ("webhook", {"connection": "team", "digest": True})
    assert (team.notice.event, team.notice.model) == (Event.DIGEST, "")
    assert team.notice.headline == "Digest of 2 models: 1 has an incident, 1 is healthy."
    assert team.notice.lines == (
        "alpha has an incident: It is worse, like (private column). Waits for an answer since 3.0 h: retrain?",
    )
    assert others.options == {"connection": "others", "digest": True}
    assert (others.notice.headline, others.notice.lines) == ("Digest of 1 model: 1 was never checked.", ())


@pytest.mark.usefixtures("told")
def test_what_ended_is_told_for_a_day(ledger: Ledger, shelf: SpecShelf, observe: Any) -> None:
    opened = ledger.open_incident(incident(observe("alpha", 2)))
    ledger.move_incident(opened.id, IncidentState.RESOLVED, closed_at=NOW)
    soon, late = (digests(ledger, shelf.all(), now=NOW + timedelta(hours=hours))[0].notice.lines for hours in (23, 25))
    ended = "alpha: ended as resolved: It is worse, like (private column)."
    assert ended in soon
    assert ended not in late


def test_a_broken_spec_is_told_of_everywhere_and_takes_no_digest_down(
    told: Path, ledger: Ledger, shelf: SpecShelf
) -> None:
    (told / "models" / "broken.yaml").write_text("private: [salary]\nsalary: oops\n")
    told_of = digests(ledger, shelf.all(), now=NOW)
    assert "broken has a broken spec." in told_of[0].notice.lines
    assert not any("salary" in line for digest in told_of for line in digest.notice.lines)
    assert [digest.notice.headline for digest in told_of] == [
        "Digest of 3 models: 1 has a broken spec, 2 were never checked.",
        "Digest of 2 models: 1 has a broken spec, 1 was never checked.",
    ]


def test_many_models_make_a_message_that_can_be_read(content: Path, ledger: Ledger, shelf: SpecShelf) -> None:
    (content / "models" / "alpha.yaml").write_text(SPEC.format(name="alpha") + TEAM)
    for number in range(30):
        (content / "models" / f"broken_{number}.yaml").write_text("name: [")
    (digest,) = digests(ledger, shelf.all(), now=NOW)
    assert len(digest.notice.lines) == 21
    assert digest.notice.lines[-1] == "… and 10 more."


def test_nobody_is_told_who_has_not_asked_and_no_ledger_is_needed(shelf: SpecShelf, told: Path) -> None:
    assert len(digests(None, shelf.all(), now=NOW)) == 2
    for path in (told / "models").iterdir():
        path.write_text(path.read_text().replace("digest: true", "digest: false"))
    assert digests(None, SpecShelf(told / "models").all(), now=NOW) == []


def test_a_place_that_does_not_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    notice = Notice(Event.DIGEST, "", "Digest of 1 model: 1 is healthy.")
    assert send_digest(Digest("log", {}, notice))
    assert not send_digest(Digest("log", {"no_such_option": 1}, notice))
    assert "The digest could not be sent by the notifier log" in caplog.text
