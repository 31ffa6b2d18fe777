"""What is left after an action fails at each of its steps, is killed there, or is stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import create_engine, update

from airmedic_core.errors import (
    ActionError,
    AuditError,
    LedgerBusyError,
    RegistryUnavailableError,
)
from airmedic_core.execution import carry_out, undo
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.tables import locks
from airmedic_core.records import ActionResult, IncidentState, Proposal
from airmedic_core.workspace import Workspace
from tests.core.execution.valve import Killed, Valve, status
from tests.core.renewals import NOW
from tests.core.tracing import spans_of


@pytest.mark.parametrize("error", [ActionError, RuntimeError])
@pytest.mark.parametrize("step", ["apply", "amid", "end"])
def test_what_fails_half_way_is_undone_from_its_snapshot(
    ws: Workspace, valve: Valve, asked: Proposal, step: str, error: type[Exception]
) -> None:
    valve.fails = {step: error("The motor is stuck.")}
    with pytest.raises(error, match="motor"):
        carry_out(ws, asked.hash, now=NOW)
    assert (valve.position, status(ws, asked)) == ("shut", "failed")
    failed = ws.ledger.action_result(asked.hash)
    assert failed is not None
    assert failed.summary == "The motor is stuck. It is shut as before."
    with pytest.raises(ActionError, match="nothing to undo"):
        undo(ws, asked.hash, now=NOW)
    valve.fails = {}
    assert carry_out(ws, asked.hash, now=NOW).status == "done"
    assert ws.ledger.snapshot(asked.hash) == {"position": "shut"}, "a retry starts from how things stood at first"
    ws.ledger.verify_audit()


@pytest.mark.parametrize("step", ["undo", "undone"])
@pytest.mark.parametrize(("dial", "ends"), [("leak", "undone"), ("amid", "failed")])
def test_what_is_killed_while_it_is_taken_back_is_never_applied_again(
    ws: Workspace, valve: Valve, asked: Proposal, step: str, dial: str, ends: str
) -> None:
    valve.fails = {dial: ActionError("The motor is stuck."), step: Killed()}
    with pytest.raises(Killed):
        carry_out(ws, asked.hash, now=NOW)
    assert status(ws, asked) == "taking_back"
    valve.fails, valve.steps = {}, []
    if ends == "failed":
        with pytest.raises(ActionError, match="Nothing of it is left"):
            carry_out(ws, asked.hash, now=NOW)
    else:
        assert carry_out(ws, asked.hash, now=NOW).status == "undone"
    assert (valve.steps, valve.position, status(ws, asked)) == (["undo", "undone"], "shut", ends)


def test_what_cannot_be_undone_is_left_to_people_as_it_stands(ws: Workspace, valve: Valve, asked: Proposal) -> None:
    valve.fails = {"leak": Killed(), "undo": ActionError("The motor is stuck.")}
    with pytest.raises(ActionError, match="motor"):
        carry_out(ws, asked.hash, now=NOW)
    closed = close_incident(ws, asked.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "failed")
    assert "not undone to its end" in closed.resolution["summary"]
    valve.fails = {}
    assert undo(ws, asked.hash, now=NOW).status == "undone"


@pytest.mark.parametrize("step", ["apply", "amid", "end", "verify"])
def test_what_is_killed_or_loses_its_connection_is_gone_on_with(
    ws: Workspace, valve: Valve, asked: Proposal, step: str
) -> None:
    for error in (RegistryUnavailableError("It does not answer."), Killed()):
        valve.fails = {step: error}
        with pytest.raises(type(error)):
            carry_out(ws, asked.hash, now=NOW)
        assert status(ws, asked) == "running"
    valve.fails = {}
    assert carry_out(ws, asked.hash, now=NOW + timedelta(days=2)).status == "done"
    assert valve.steps.count("precheck") == 1
    assert (valve.position, ws.ledger.snapshot(asked.hash)) == ("open", {"position": "shut"})


@pytest.mark.parametrize("step", ["apply", "amid", "end"])
def test_what_is_cut_off_can_be_undone(ws: Workspace, valve: Valve, asked: Proposal, step: str) -> None:
    valve.fails = {step: Killed()}
    with pytest.raises(Killed):
        carry_out(ws, asked.hash, now=NOW)
    valve.fails = {}
    assert undo(ws, asked.hash, now=NOW).summary == "It was cut off before its end. It is shut as before."
    assert carry_out(ws, asked.hash, now=NOW).status == "undone"


def edit(url: str, statement: str) -> None:
    """Write to the table of actions behind the ledger's back."""
    with create_engine(url).begin() as connection:
        connection.exec_driver_sql(statement)


EDITED = {
    "it is undone to something else": """UPDATE actions SET snapshot = '{"position": "torn off"}'""",
    "it is begun": "UPDATE actions SET status = 'running'",
    "it is to be taken back": "UPDATE actions SET status = 'taking_back'",
    "it has failed": "UPDATE actions SET status = 'failed'",
    "it was never done": "DELETE FROM actions",
    "it failed before that": (
        "INSERT INTO actions SELECT proposal_hash, 2, incident_id, model, action, 'failed', '', 0, output, snapshot, "
        "started_at, finished_at FROM actions"
    ),
}


@pytest.mark.parametrize("edited", EDITED)
def test_what_was_done_is_neither_done_again_nor_undone_where_its_record_was_edited(
    ws: Workspace, valve: Valve, asked: Proposal, url: str, edited: str
) -> None:
    assert carry_out(ws, asked.hash, now=NOW).status == "done"
    valve.steps = []
    edit(url, EDITED[edited])
    for step in (carry_out, undo):
        with pytest.raises(AuditError, match="is not as it was made"):
            step(ws, asked.hash, now=NOW)
    assert (valve.steps, valve.position) == ([], "open")
    (refusal,) = [record for record in ws.ledger.audit_records(subject=asked.hash) if record.kind == "refusal"]
    assert "is not as it was made" in refusal.payload["reason"]


def test_what_was_not_done_does_not_count_as_done_where_somebody_has_put_that_in(
    ws: Workspace, valve: Valve, asked: Proposal, url: str
) -> None:
    edit(
        url,
        f"INSERT INTO actions SELECT hash, 1, incident_id, model, action, 'done', 'It is open.', 0, '{{}}', '{{}}', "  # noqa: S608
        f"created_at, created_at FROM proposals WHERE hash = '{asked.hash}'",
    )
    with pytest.raises(AuditError, match="was put in"):
        carry_out(ws, asked.hash, now=NOW)
    assert valve.position == "shut"


def test_a_precheck_that_fails_changes_nothing(ws: Workspace, valve: Valve, asked: Proposal) -> None:
    valve.fails = {"precheck": ActionError("There is no valve.")}
    with pytest.raises(ActionError, match="no valve"):
        carry_out(ws, asked.hash, now=NOW)
    assert (status(ws, asked), valve.steps) == ("failed", ["precheck"])


def test_two_processes_with_one_proposal_do_it_once(ws: Workspace, valve: Valve, asked: Proposal) -> None:
    """The second one comes while the first is in the middle of its work."""
    done: list[ActionResult] = []
    second = Thread(target=lambda: done.append(carry_out(ws, asked.hash, now=NOW)))
    valve.meanwhile = second.start
    first = carry_out(ws, asked.hash, now=NOW)
    second.join()
    assert done == [first]
    assert valve.steps.count("apply") == 1


def test_an_action_that_hangs_lets_another_process_go_on_after_its_deadline(
    ws: Workspace, valve: Valve, asked: Proposal, url: str
) -> None:
    valve.deadline_seconds = 0.1
    done: list[ActionResult] = []

    def hangs_until_the_other_one_is_done() -> None:
        valve.meanwhile = lambda: None
        done.append(carry_out(replace(ws, ledger=Ledger.open(url, lease_seconds=30)), asked.hash, now=NOW))

    valve.meanwhile = hangs_until_the_other_one_is_done
    with pytest.raises(LedgerBusyError, match="taken over by another process"):
        carry_out(replace(ws, ledger=Ledger.open(url, lease_seconds=0.2)), asked.hash, now=NOW)
    assert [result.status for result in done] == ["done"]
    assert carry_out(ws, asked.hash, now=NOW) == done[0]
    assert (valve.position, valve.steps.count("apply")) == ("open", 2)


def test_a_process_that_was_taken_for_dead_writes_nothing_after_its_retry(
    ws: Workspace, valve: Valve, asked: Proposal, url: str
) -> None:
    def retried() -> None:
        # As after a machine that stood still for longer than its lease: another process took the name over.
        with create_engine(url).begin() as connection:
            connection.execute(update(locks).values(holder="the retry"))

    valve.meanwhile = retried
    with pytest.raises(LedgerBusyError, match="taken over by another process"):
        carry_out(ws, asked.hash, now=NOW)
    assert status(ws, asked) == "running", "what came of it is for the other process to say"
    assert "verify" in valve.steps


def test_an_action_and_its_steps_are_spans(ws: Workspace, asked: Proposal) -> None:
    spans = spans_of(lambda: carry_out(ws, asked.hash, now=NOW))
    action = spans.pop("action open_valve")
    assert dict(action.attributes or {}) == {
        "airmedic.model": ws.spec.name,
        "airmedic.action": "open_valve",
        "airmedic.incident": asked.incident_id,
        "airmedic.proposal": asked.hash,
        "airmedic.status": "done",
    }
    assert set(spans) == {"precheck", "snapshot", "apply", "verify"}
    assert {span.parent.span_id for span in spans.values() if span.parent} == {action.context.span_id}
    undone = spans_of(lambda: undo(ws, asked.hash, now=NOW))
    assert set(undone) == {"undo of action open_valve", "undo"}
    assert (undone["undo of action open_valve"].attributes or {})["airmedic.status"] == "undone"


def test_a_step_that_fails_is_a_failed_span(ws: Workspace, asked: Proposal, valve: Valve) -> None:
    valve.fails = {"apply": ValueError("row 7 holds anna")}

    def attempt() -> None:
        with pytest.raises(ValueError, match="row 7"):
            carry_out(ws, asked.hash, now=NOW)

    spans = spans_of(attempt)
    assert {name for name, span in spans.items() if not span.status.is_ok} >= {"apply", "action open_valve"}
    assert not any("anna" in span.to_json() for span in spans.values())
