"""Telling people beside a remedy: once, on record, and without failing anything. The trackers here are files."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic.testing.faults import ProcessDied
from airmedic.testing.production import NOW, incident_of, observe, renewals, workspace
from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Request, decide
from airmedic_core.decide.propose import Allowance, record
from airmedic_core.execution import announce, carry_out
from airmedic_core.incident_lifecycle import close_incident, open_incident
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.messages import Messages, Sent
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.notifiers import NOTIFIERS
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Incident,
    IncidentState,
    Json,
    Permission,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.core.board import install_board
from tests.core.packages import Install

AUTO = "permissions: [{actions: [notify, open_ticket], permission: auto}]"


@pytest.fixture
def board(install: Install, tmp_path: Path) -> Callable[..., Workspace]:
    """Return a function that opens a model which tells people on a board."""
    install_board(install)

    def opened(
        *, path: str = "board", policy: str = AUTO, remembers: bool = True, also: Json | None = None, **more: object
    ) -> Workspace:
        (tmp_path / "policies").mkdir(exist_ok=True)
        (tmp_path / "policies" / "default.yaml").write_text(policy, encoding="utf-8")
        notify = {"board": {"path": str(tmp_path / path), "remembers": remembers}, **(also or {})}
        return workspace(tmp_path, renewals(), notify=notify, **more)

    return opened


def diagnosed(ws: Workspace) -> Incident:
    incident = incident_of(ws, 50)
    ranked = (RankedCause(Cause.CONCEPT_DRIFT, 0.9),)
    actions = (RecommendedAction("retrain", 1, "The relation has changed."),)
    summary = "The most likely cause is a changed relation of usage and churn."
    diagnosis = Diagnosis(incident.id, "rules", ranked, Severity.HIGH, summary, actions, "0" * 64)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    return ws.ledger.move_incident(incident.id, IncidentState.DIAGNOSED)


def test_people_are_told_once_and_the_ticket_is_on_record(board: Callable[..., Workspace], tmp_path: Path) -> None:
    ws = board()
    incident = diagnosed(ws)
    became = {told.action: told for told in announce(ws, incident.id, now=NOW)}
    assert {name: told.status for name, told in became.items()} == {"notify": "done", "open_ticket": "done"}
    assert became["open_ticket"].summary == "The ticket is BOARD-1: https://board.example/1"
    recorded = {done.action: done for done in ws.ledger.actions(incident_id=incident.id)}
    assert recorded["open_ticket"].output["tickets"] == [
        {"through": "board", "id": "BOARD-1", "url": "https://board.example/1"}
    ]
    told = (tmp_path / "board").read_text(encoding="utf-8").splitlines()
    assert len(told) == 1
    assert "most likely cause is a changed relation" in told[0]
    assert "Recommended: retrain." in told[0]
    assert announce(ws, incident.id, now=NOW) == []
    assert len((tmp_path / "board").read_text(encoding="utf-8").splitlines()) == 1
    assert not ws.ledger.audit_problems()[0]


def test_a_process_that_dies_leaves_one_ticket(
    board: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = board()
    incident = diagnosed(ws)

    def die(*_: object, **__: object) -> None:
        raise ProcessDied

    with monkeypatch.context() as dying:
        dying.setattr(Ledger, "finish_action", die)
        with pytest.raises(ProcessDied):
            carry_out(ws, ticket_proposal(ws, incident), now=NOW)
    assert (tmp_path / "board.tickets").read_text(encoding="utf-8") == incident.id
    assert {told.action: told.status for told in announce(ws, incident.id, now=NOW)}["open_ticket"] == "done"
    assert (tmp_path / "board.tickets").read_text(encoding="utf-8") == incident.id
    attempts = [done.status for done in ws.ledger.actions(incident_id=incident.id) if done.action == "open_ticket"]
    assert attempts == ["done"]


@pytest.mark.parametrize(("remembers", "messages"), [(True, 1), (False, 2)])
def test_a_process_that_dies_after_the_message_sends_it_again_only_where_nobody_can_be_asked(
    board: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembers: bool, messages: int
) -> None:
    ws = board(remembers=remembers)
    incident = diagnosed(ws)
    recorded = Messages.record_message

    def die_before(ledger: Ledger, proposal_hash: str, way: str, status: Sent) -> None:
        if status == "sent":
            raise ProcessDied
        recorded(ledger, proposal_hash, way, status)

    with monkeypatch.context() as dying:
        dying.setattr(Messages, "record_message", die_before)
        with pytest.raises(ProcessDied):
            announce(ws, incident.id, now=NOW)
    assert len((tmp_path / "board").read_text(encoding="utf-8").splitlines()) == 1
    later = NOW + timedelta(days=2)
    assert {told.action: told.status for told in announce(ws, incident.id, now=later)}["notify"] == "done"
    assert len((tmp_path / "board").read_text(encoding="utf-8").splitlines()) == messages
    assert [done.status for done in ws.ledger.actions(incident_id=incident.id) if done.action == "notify"] == ["done"]
    assert announce(ws, incident.id, now=later) == []
    assert not ws.ledger.audit_problems()[0]


def test_a_process_that_dies_before_the_message_has_it_sent_by_the_next(
    board: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = board()
    incident = diagnosed(ws)

    def die(*_: object) -> None:
        raise ProcessDied

    with monkeypatch.context() as dying:
        dying.setattr(NOTIFIERS.member("board"), "send", die, raising=False)
        with pytest.raises(ProcessDied):
            announce(ws, incident.id, now=NOW)
    assert not (tmp_path / "board").exists()
    announce(ws, incident.id, now=NOW)
    assert len((tmp_path / "board").read_text(encoding="utf-8").splitlines()) == 1


def test_who_has_the_message_already_is_not_asked_where_another_way_failed(
    board: Callable[..., Workspace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = board(also={"webhook": {"connection": "not_there"}})
    incident = diagnosed(ws)
    with monkeypatch.context() as dying:
        # The process dies at its end: the board has the message, and what kept the other way from it is not on record.
        dying.setattr(Ledger, "finish_action", died)
        with pytest.raises(ProcessDied):
            announce(ws, incident.id, now=NOW)
    (told,) = [known for known in ws.ledger.actions(incident_id=incident.id) if known.action == "notify"]
    assert ws.ledger.messages(told.proposal_hash) == {"board": "sent", "webhook": "begun"}
    monkeypatch.setattr(type(NOTIFIERS.member("board")), "has_sent", died)
    became = {told.action: told for told in announce(ws, incident.id, now=NOW)}
    assert became["notify"].status == "done"
    assert "webhook: There is no Airflow connection 'not_there'." in became["notify"].summary
    assert len((tmp_path / "board").read_text(encoding="utf-8").splitlines()) == 1


def died(*_: object, **__: object) -> None:
    """End the process, as a kill does."""
    raise ProcessDied


def ticket_proposal(ws: Workspace, incident: Incident) -> str:
    diagnosis = next(diagnosis for diagnosis, stands in ws.ledger.diagnoses(incident.id) if stands)
    params, expected = ACTIONS.member("open_ticket").plan(ws, incident, diagnosis)
    allowance = Allowance(Permission.AUTO, "The policy allows it.")
    return record(ws, incident, "open_ticket", params, expected, allowance=allowance, now=NOW).hash


def test_the_incident_stays_where_its_remedy_has_brought_it(board: Callable[..., Workspace]) -> None:
    ws = board()
    incident = diagnosed(ws)
    ws.ledger.move_incident(incident.id, IncidentState.AWAITING_APPROVAL)
    announce(ws, incident.id, now=NOW)
    assert ws.ledger.incident(incident.id).state is IncidentState.AWAITING_APPROVAL


def test_a_tracker_that_fails_fails_nothing_and_is_tried_again(board: Callable[..., Workspace], tmp_path: Path) -> None:
    ws = board(path="broken")
    incident = diagnosed(ws)
    became = {told.action: told for told in announce(ws, incident.id, now=NOW)}
    assert (became["notify"].status, became["open_ticket"].status) == ("done", "failed")
    assert "The board is full." in became["open_ticket"].summary
    failed = next(done for done in ws.ledger.actions(incident_id=incident.id) if done.action == "open_ticket")
    assert failed.status == "failed"
    assert "The board is full." in failed.summary
    # Somebody has mended the board.
    mended = board()
    assert [(told.action, told.status) for told in announce(mended, incident.id, now=NOW)] == [("open_ticket", "done")]


def test_a_problem_that_was_handed_over_before_gets_no_second_ticket(
    board: Callable[..., Workspace], tmp_path: Path
) -> None:
    ws = board(policy="permissions: [{actions: [notify, open_ticket, escalate], permission: auto}]")
    for number, expected in ((50, {"done"}), (51, {"left out"})):
        incident = open_incident(ws, observe(ws, number, cause=Cause.UNKNOWN, alerts={"usage": 0.2}), now=NOW)
        ranked = (RankedCause(Cause.UNKNOWN, 0.5),)
        ws.ledger.record_diagnosis(
            Diagnosis(incident.id, "rules", ranked, Severity.HIGH, "No rule explains it.", (), "0" * 64), stands=True
        )
        assert {told.status for told in announce(ws, incident.id, now=NOW)} == expected
        if proposal := decide(ws, incident.id, Request(), now=NOW).proposal:
            carry_out(ws, proposal.hash, now=NOW)
            ws.ledger.record_message(proposal.hash, "board", "sent")
        close_incident(ws, incident.id, now=NOW)
    assert len((tmp_path / "board").read_text().splitlines()) == 1


def test_a_dry_run_tells_nobody(board: Callable[..., Workspace], tmp_path: Path) -> None:
    ws = board()
    incident = diagnosed(ws)
    became = announce(ws, incident.id, now=NOW, only_looks=True)
    assert {(told.action, told.status) for told in became} == {("notify", "would"), ("open_ticket", "would")}
    assert all("changed relation" in told.summary for told in became)
    assert not (tmp_path / "board").exists()
    assert not (tmp_path / "board.tickets").exists()
    assert ws.ledger.actions(incident_id=incident.id) == []


@pytest.mark.parametrize(
    "policy", ["permissions: []", "permissions: [{actions: [notify, open_ticket], permission: ask}]"]
)
def test_what_the_policy_does_not_allow_at_once_is_left_out(
    board: Callable[..., Workspace], policy: str, tmp_path: Path
) -> None:
    ws = board(policy=policy)
    incident = diagnosed(ws)
    assert {told.status for told in announce(ws, incident.id, now=NOW)} == {"left out"}
    assert not (tmp_path / "board").exists()
    assert ws.ledger.proposals(incident.id) == []


def test_a_model_that_names_no_notifier_has_nothing_on_record(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals())
    incident = diagnosed(ws)
    assert announce(ws, incident.id, now=NOW) == []


def test_private_columns_are_blanked(board: Callable[..., Workspace], tmp_path: Path) -> None:
    ws = board(private=["usage"])
    incident = diagnosed(ws)
    announce(ws, incident.id, now=NOW)
    assert "of usage" not in (tmp_path / "board").read_text(encoding="utf-8")
    assert "usage" not in json.dumps([proposal.params for proposal in ws.ledger.proposals(incident.id)])


def test_an_incident_that_has_ended_is_left_alone(board: Callable[..., Workspace], tmp_path: Path) -> None:
    ws = board()
    incident = diagnosed(ws)
    assert ws.ledger.move_incident(incident.id, IncidentState.RESOLVED).state in ENDS
    assert announce(ws, incident.id, now=NOW) == []
    assert not (tmp_path / "board").exists()
