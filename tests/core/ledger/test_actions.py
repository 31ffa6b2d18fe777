from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from airmedic_core.errors import AuditError, LedgerError
from airmedic_core.ledger import Ledger
from airmedic_core.ledger.chain import seal_all_rows
from airmedic_core.ledger.seals import TouchedRows
from airmedic_core.records import ActionResult, Promotion, Proposal

MakeProposal = Callable[..., Proposal]

KILLED = """
import os, signal, sys
from airmedic_core.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
ledger.begin_action(ledger.proposal(sys.argv[2]), {"champion": "7"})
os.kill(os.getpid(), signal.SIGKILL)
"""


def result(proposal: Proposal, status: str = "done", **output: object) -> ActionResult:
    return ActionResult(proposal.hash, proposal.action, status, f"It is {status}", 1.5, dict(output))  # type: ignore[arg-type]


def test_an_action_is_on_record_from_its_beginning_to_its_end(
    ledger: Ledger, proposal: MakeProposal, now: datetime
) -> None:
    asked = proposal()
    assert ledger.snapshot(asked.hash) is None
    ledger.begin_action(asked, {"champion": "7"}, now=now)
    assert ledger.action_result(asked.hash) is None
    ledger.finish_action(result(asked, version="8"), now=now + timedelta(seconds=2))
    assert ledger.action_result(asked.hash) == result(asked, version="8")
    (done,) = ledger.actions(incident_id="churn__1")
    assert (done.status, done.attempt, done.model) == ("done", 1, "churn")
    assert (done.started_at, done.finished_at) == (now, now + timedelta(seconds=2))


def test_a_process_killed_between_beginning_and_end_leaves_a_trace_that_the_next_one_can_read(
    url: str, ledger: Ledger, proposal: MakeProposal
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    killed = subprocess.run([sys.executable, "-c", KILLED, url, asked.hash], check=False)
    assert killed.returncode == -9
    assert ledger.snapshot(asked.hash) == {"champion": "7"}
    assert ledger.action_result(asked.hash) is None
    ledger.begin_action(asked, {"champion": "8"})
    assert ledger.snapshot(asked.hash) == {"champion": "7"}, "the state before the first try is what undo needs"
    ledger.finish_action(result(asked))
    assert [done.attempt for done in ledger.actions()] == [1]
    ledger.verify_audit()


def test_what_failed_can_be_tried_again_and_both_tries_are_kept(ledger: Ledger, proposal: MakeProposal) -> None:
    asked = proposal()
    ledger.begin_action(asked, {"champion": "7"})
    ledger.take_back_action(result(asked, "failed"))
    ledger.finish_action(result(asked, "failed"))
    ledger.begin_action(asked, {"champion": "8"})
    assert (ledger.snapshot(asked.hash), ledger.action_result(asked.hash)) == ({"champion": "8"}, None)
    ledger.finish_action(result(asked))
    assert [(done.attempt, done.status) for done in ledger.actions()] == [(1, "failed"), (2, "done")]


def test_what_is_done_is_not_begun_again_but_can_be_undone(ledger: Ledger, proposal: MakeProposal) -> None:
    asked = proposal()
    ledger.begin_action(asked, {})
    ledger.finish_action(result(asked))
    with pytest.raises(LedgerError, match="done already"):
        ledger.begin_action(asked, {})
    with pytest.raises(LedgerError, match=r"cannot become failed. It can become taking back"):
        ledger.finish_action(result(asked, "failed"))
    with pytest.raises(LedgerError, match="cannot become undone"):
        ledger.finish_action(result(asked, "undone"))
    ledger.take_back_action(result(asked, "undone"))
    assert ledger.action_result(asked.hash) is None
    with pytest.raises(LedgerError, match="taking back already and cannot become running"):
        ledger.begin_action(asked, {})
    ledger.finish_action(result(asked, "undone"))
    assert ledger.action_result(asked.hash) == result(asked, "undone")
    ledger.verify_audit()


def test_the_first_of_two_processes_says_what_came_of_an_action(ledger: Ledger, proposal: MakeProposal) -> None:
    asked = proposal()
    ledger.begin_action(asked, {})
    first = ledger.finish_action(result(asked, version="8", switch_seconds=0.1))
    slower = ledger.finish_action(result(asked, version="8", switch_seconds=0.3))
    assert slower == first == ledger.action_result(asked.hash)


def test_what_stopped_an_action_is_on_record_once_and_something_begun_is_not_stopped(
    ledger: Ledger, proposal: MakeProposal
) -> None:
    asked = proposal()
    for _ in range(2):
        ledger.refuse_action(asked, "stopped", "ada threw the kill switch: stop.")
    assert [(done.status, done.attempt) for done in ledger.actions()] == [("stopped", 1)]
    ledger.begin_action(asked, {})
    with pytest.raises(LedgerError, match="running already and cannot become stopped"):
        ledger.refuse_action(asked, "stopped", "again")
    with pytest.raises(LedgerError, match="running already and cannot become failed"):
        ledger.finish_action(result(asked, "failed"))


def test_an_end_without_a_beginning_is_refused(ledger: Ledger, proposal: MakeProposal) -> None:
    with pytest.raises(LedgerError, match="never began"):
        ledger.finish_action(result(proposal()))
    assert ledger.actions(model="churn") == []


def test_actions_are_oldest_first_and_can_be_asked_for(ledger: Ledger, proposal: MakeProposal, now: datetime) -> None:
    for hours, incident_id in ((2, "a"), (1, "b"), (3, "a")):
        begun = proposal(incident_id=incident_id, hours=hours)
        ledger.begin_action(begun, {}, now=now + timedelta(hours=hours))
    assert [done.incident_id for done in ledger.actions(model="churn")] == ["b", "a", "a"]
    assert len(ledger.actions(incident_id="a", since=now + timedelta(hours=3))) == 1
    assert ledger.actions(model="other") == []
    together = ledger.actions_of(["a", "b", "none"])
    assert together == {name: ledger.actions(incident_id=name) for name in ("a", "b")}
    assert ledger.actions_of([]) == {}


def test_promotions_are_newest_first_and_recorded_once(ledger: Ledger, now: datetime) -> None:
    first = Promotion("churn", None, "1", "adopt", now, "ada")
    second = Promotion("churn", "1", "2", "deploy", now + timedelta(days=1), "bob", "f" * 64, 0.25)
    for promotion in (first, second, first):
        ledger.record_promotion(promotion)
    ledger.record_promotion(replace(first, model="other"))
    assert ledger.promotions("churn") == [second, first]


def test_what_never_began_lacks_no_attempt(ledger: Ledger, proposal: MakeProposal) -> None:
    assert ledger.standing_attempt(ledger.record_proposal(proposal())) is None


@pytest.mark.parametrize("again", [False, True], ids=["alone", "before another attempt"])
def test_an_attempt_of_before_rows_were_sealed_is_missed_where_it_was_deleted(
    ledger: Ledger, proposal: MakeProposal, monkeypatch: pytest.MonkeyPatch, *, again: bool
) -> None:
    asked = proposal()
    with monkeypatch.context() as earlier:
        # A version wrote it that sealed no rows. They were all sealed when the ledger was brought up to date.
        earlier.setattr(TouchedRows, "seals", lambda *_: {})
        ledger.begin_action(asked, {"champion": "7"})
        if again:
            ledger.take_back_action(result(asked, "failed"))
        ledger.finish_action(result(asked, "failed" if again else "done"))
    with ledger._engine.begin() as connection:
        seal_all_rows(connection)
    if again:
        ledger.begin_action(asked, {"champion": "7"})
    ledger.verify_audit()
    standing = ledger.standing_attempt(asked)
    assert standing is not None
    assert standing.attempt == (2 if again else 1)
    with ledger._engine.begin() as connection:
        connection.execute(text("DELETE FROM actions WHERE attempt = 1"))
    with pytest.raises(AuditError, match="was deleted"):
        ledger.standing_attempt(asked)
