"""Actions that a kill switch, the policy, people or a change of the facts stop before or while they run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.actions import StoppedBy
from airmedic_core.decide import propose
from airmedic_core.errors import (
    ApprovalError,
    PolicyError,
    SwitchUnavailableError,
)
from airmedic_core.execution import carry_out, undo
from airmedic_core.incident_lifecycle import close_incident
from airmedic_core.narrowing import Number
from airmedic_core.records import IncidentState, Permission, Proposal
from airmedic_core.workspace import Workspace
from tests.core.execution.valve import Killed, Valve, allow, status
from tests.core.renewals import NOW, incident_of


@pytest.mark.parametrize("stopped_by", StoppedBy)
def test_what_was_recorded_wider_than_proposed_is_not_carried_out_whatever_may_stop_it(
    ws: Workspace, valve: Valve, monkeypatch: pytest.MonkeyPatch, stopped_by: StoppedBy
) -> None:
    def narrowing(proposal: Proposal) -> list[Number]:
        return [Number("turns", "Turns", proposal.params["turns"], low=0.0, high=proposal.params["turns"])]

    monkeypatch.setattr(valve, "narrowing", narrowing)
    monkeypatch.setattr(valve, "stopped_by", stopped_by, raising=False)
    until = NOW + timedelta(days=1)
    asked = Proposal(
        incident_of(ws, 3).id, "renewals", "open_valve", {"turns": 2.0}, "It is open.", Permission.ASK, "r", NOW, until
    )
    ws.ledger.record_proposal(asked)
    # The ledger is called without the bounds being asked.
    wider = replace(asked, params={"turns": 3.0}, created_at=NOW + timedelta(seconds=1), parent=asked.hash)
    given = ws.ledger.answer_proposal(asked.hash, "approve", by="ada", at=NOW, channel="airflow", narrower=wider)
    assert (given.proposal_hash, given.refused_because) == (wider.hash, "")
    with pytest.raises(PolicyError, match=r"Turns is 3.0. It has to be between 0 and 2. \(narrowing\)"):
        carry_out(ws, wider.hash, now=NOW)
    assert (valve.steps, valve.position, status(ws, wider)) == ([], "shut", "stopped")


def test_a_kill_switch_thrown_during_the_precheck_stops_the_action_and_fails_nothing(
    ws: Workspace, valve: Valve, asked: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valve, "precheck", lambda ws, _: ws.ledger.set_override(
        "renewals", "kill_switch", "all", {}, author="ada", reason="stop"
    ))  # fmt: skip
    with pytest.raises(PolicyError, match="ada threw the kill switch"):
        carry_out(ws, asked.hash, now=NOW)
    assert (status(ws, asked), valve.position) == ("stopped", "shut")
    ws.ledger.revoke_override("renewals", "kill_switch", "all", author="ada")
    monkeypatch.undo()
    assert carry_out(ws, asked.hash, now=NOW).status == "done"


def test_an_incident_that_is_closed_by_hand_during_the_precheck_lets_nothing_begin(
    ws: Workspace, valve: Valve, asked: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What changes production would hold the lock that closing needs.
    monkeypatch.setattr(valve, "changes_production", False)
    monkeypatch.setattr(valve, "precheck", lambda ws, proposal: ws.ledger.close_by_hand(
        proposal.incident_id, by="ada", reason="The model is retired.", now=NOW
    ))  # fmt: skip
    with pytest.raises(ApprovalError):
        carry_out(ws, asked.hash, now=NOW)
    assert (valve.steps, valve.position) == ([], "shut")
    assert ws.ledger.standing_attempt(asked) is None


def test_what_a_kill_switch_stopped_ends_as_stopped(ws: Workspace, valve: Valve, asked: Proposal) -> None:
    ws.ledger.set_override("renewals", "kill_switch", "all", {}, author="ada", reason="stop")
    with pytest.raises(PolicyError):
        carry_out(ws, asked.hash, now=NOW)
    closed = close_incident(ws, asked.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "stopped")
    assert valve.steps == []


def test_a_kill_switch_leaves_what_has_begun_where_it_stands(ws: Workspace, valve: Valve, asked: Proposal) -> None:
    valve.fails = {"amid": Killed()}
    with pytest.raises(Killed):
        carry_out(ws, asked.hash, now=NOW)
    ws.ledger.set_override("renewals", "kill_switch", "all", {}, author="ada", reason="stop")
    valve.fails = {}
    for stopped in (carry_out, undo):
        with pytest.raises(PolicyError):
            stopped(ws, asked.hash, now=NOW)
    assert (status(ws, asked), valve.position) == ("running", "half open")
    ws.ledger.revoke_override("renewals", "kill_switch", "all", author="ada")
    assert carry_out(ws, asked.hash, now=NOW).status == "done"
    assert ws.ledger.snapshot(asked.hash) == {"position": "shut"}


@pytest.mark.parametrize(("permission", "why"), [("deny", "denies open_valve"), ("ask_two", "it said ask")])
def test_a_policy_that_has_become_stricter_stops_what_was_approved(
    ws: Workspace, valve: Valve, asked: Proposal, tmp_path: Path, permission: str, why: str
) -> None:
    allow(tmp_path, permission)
    with pytest.raises(PolicyError, match=why):
        carry_out(ws, asked.hash, now=NOW)
    assert (status(ws, asked), valve.steps) == ("stopped", [])


def test_an_approver_who_was_taken_off_the_list_does_not_count(ws: Workspace, valve: Valve, asked: Proposal) -> None:
    for approvers, counts in ((("bob",), False), (("anna", "bob"), True)):
        changed = replace(ws, spec=ws.spec.model_copy(update={"approvers": approvers}))
        if counts:
            assert carry_out(changed, asked.hash, now=NOW).status == "done"
            continue
        with pytest.raises(PolicyError, match="'anna' approved it, and is not an approver any more"):
            carry_out(changed, asked.hash, now=NOW)
        assert (status(ws, asked), valve.steps) == ("stopped", [])


def test_what_the_policy_approved_alone_waits_for_people_where_it_asks_now(
    ws: Workspace, valve: Valve, tmp_path: Path
) -> None:
    allow(tmp_path, "auto")
    incident = incident_of(ws, 2)
    proposal = propose(ws, incident.id, "open_valve", {}, "It is open.", "It is shut.", now=NOW)
    allow(tmp_path, "ask")
    with pytest.raises(PolicyError, match="it said auto"):
        carry_out(ws, proposal.hash, now=NOW)
    allow(tmp_path, "auto")
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    assert valve.position == "open"


def test_a_kill_switch_stops_the_taking_back(ws: Workspace, valve: Valve, asked: Proposal) -> None:
    """Thrown while the action runs, it keeps the decision to undo it from being carried out, now and on a retry."""
    valve.meanwhile = lambda: ws.ledger.set_override(
        "renewals", "kill_switch", "all", {}, author="ada", reason="stop"
    )  # fmt: skip
    valve.fails = {"leak": Killed()}
    for _ in range(2):
        with pytest.raises(PolicyError, match="ada threw the kill switch"):
            carry_out(ws, asked.hash, now=NOW)
        assert (status(ws, asked), valve.position) == ("taking_back", "open")
    assert "undo" not in valve.steps
    ws.ledger.revoke_override("renewals", "kill_switch", "all", author="ada")
    assert carry_out(ws, asked.hash, now=NOW).status == "undone"
    assert valve.position == "shut"


def test_a_kill_switch_that_cannot_be_asked_stops_without_a_failure(
    ws: Workspace, valve: Valve, asked: Proposal
) -> None:
    def silent(model: str) -> str:
        raise OSError(f"no answer for {model}")

    with pytest.raises(SwitchUnavailableError, match="no answer for renewals") as caught:
        carry_out(replace(ws, switches=(silent,)), asked.hash, now=NOW)
    assert caught.value.transient
    assert (ws.ledger.last_attempt(asked.hash), valve.steps) == (None, [])
    assert carry_out(ws, asked.hash, now=NOW).status == "done"
