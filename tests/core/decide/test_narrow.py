"""Approvers change what a proposal may be changed in: what is carried out is what they approved, and nothing wider."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Request, decide
from airmedic_core.decide.narrow import answer, beyond_bounds, changed_beside, fields_of, narrow
from airmedic_core.errors import (
    AirmedicError,
    ApprovalError,
    NarrowingError,
    RegistryUnavailableError,
    SourceUnavailableError,
)
from airmedic_core.execution import carry_out, gate_challenger
from airmedic_core.incident_lifecycle import close_incident, request_incident
from airmedic_core.records import Approval, Permission, Proposal
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import trained_window
from airmedic_core.windows import as_utc
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, copy_of, day, incident_of, observe, renewals, workspace

LATER = day(35).isoformat()


@pytest.fixture(scope="module")
def adopted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion of January, and a relation that flips on day 45."""
    folder = tmp_path_factory.mktemp("adopted")
    adopt(workspace(folder, renewals(changed_on=45)), by="anna")
    return folder


@pytest.fixture
def ws(tmp_path: Path, adopted: Path) -> Workspace:
    return copy_of(adopted, tmp_path)


@pytest.fixture
def asked(ws: Workspace) -> Proposal:
    """A training that a person has asked for."""
    for number in range(46, 52):
        observe(ws, number)
    request = Request("retrain", "customers complain", "eve")
    incident = request_incident(ws, request, "manual__1", now=NOW)
    proposal = decide(ws, incident.id, request, now=NOW).proposal
    assert proposal is not None
    return proposal


def approve(ws: Workspace, proposal: Proposal, by: str = "ada", **filled_in: Any) -> Approval:
    return answer(ws, proposal, "approve", filled_in, now=NOW, by=by, at=NOW, channel="airflow", separate_duties=True)


def test_what_is_trained_is_what_the_approver_has_narrowed(ws: Workspace, asked: Proposal) -> None:
    given = approve(ws, asked, window_start=LATER, margin=-0.005)
    assert given.refused_because == ""
    narrowed = ws.ledger.proposal(given.proposal_hash)
    counts = narrowed.params["learns_from"]
    assert narrowed.params == asked.params | {"window_start": LATER, "margin": -0.005, "learns_from": counts}
    assert counts["labelled"] < asked.params["learns_from"]["labelled"]
    assert "certainly not more than 0.005 worse" in narrowed.expected
    assert "certainly not more than 0.01 worse" in asked.expected
    assert (narrowed.parent, narrowed.expires_at) == (asked.hash, asked.expires_at)
    # Whoever decides once more, as a task that is cleared does, finds it.
    again = decide(ws, asked.incident_id, Request("retrain", "customers complain", "eve"), now=NOW)
    assert again.proposal == narrowed

    trained = carry_out(ws, narrowed.hash, now=NOW)
    version = ws.registry.version("renewals", trained.output["version"])
    window = trained_window(version)
    assert window is not None
    assert window.start >= as_utc(LATER) > as_utc(asked.params["window_start"])
    assert version.tags["airmedic.proposal_hash"] == narrowed.hash
    gate, deployment = gate_challenger(ws, asked.incident_id, narrowed.hash, now=NOW)
    assert (gate.margin, ws.spec.gate.margin) == (-0.005, -0.01)
    assert deployment is not None
    assert deployment.params["gate"]["margin"] == -0.005
    with pytest.raises(ApprovalError):
        carry_out(ws, asked.hash, now=NOW)
    ws.ledger.verify_audit()


def test_an_incident_that_ends_speaks_of_what_was_narrowed(ws: Workspace, asked: Proposal) -> None:
    given = approve(ws, replace(asked), window_start=LATER)
    closed = close_incident(ws, asked.incident_id, now=NOW + timedelta(minutes=5))
    assert closed.resolution["outcome"] == "failed"
    assert "was approved and could not begin" in closed.resolution["summary"]
    assert closed.resolution["proposal_hash"] == given.proposal_hash
    assert closed.resolution["approved_by"] == ["ada"]
    assert closed.resolution["seconds_to_approval"] == 0.0


# A page sends an emptied field as empty text.
@pytest.mark.parametrize("filled_in", [{}, {"margin": None}, {"window_end": "", "margin": ""}, "as it was shown"])
def test_what_is_left_as_it_is_is_approved_as_it_is(ws: Workspace, asked: Proposal, filled_in: Any) -> None:
    shown = {field.name: field.proposed for field in fields_of(asked)}
    assert shown.keys() == {"window_start", "window_end", "margin"}
    values = filled_in if isinstance(filled_in, dict) else shown
    # Pages write moments in their own way.
    values |= {"window_start": asked.params["window_start"].replace("+00:00", "Z")}
    given = approve(ws, asked, **values)
    assert (given.proposal_hash, given.refused_because) == (asked.hash, "")
    assert ws.ledger.proposals(asked.incident_id) == [asked]


@pytest.mark.parametrize(
    ("filled_in", "told"),
    [
        ({"window_start": day(0).isoformat()}, "It has to be between 20"),
        ({"window_start": "soon"}, "First moment of the training rows is 'soon'. It has to be between 20"),
        ({"margin": -0.02}, "Margin of the gate is -0.02. It has to be between -0.01 and 0."),
        ({"margin": True}, "Margin of the gate is True."),
        ({"margin": 10**400}, "It has to be between -0.01 and 0."),
        ({"windw_start": LATER}, "no field 'windw_start'. Did you mean 'window_start'?"),
        ({"\0" * 5000: 1}, "The form has no field '\\x00"),
        ({"window_start": day(50).isoformat()}, "labelled rows in"),
        ({"window_start": LATER, "window_end": LATER}, "First moment of the training rows: between 20"),
    ],
)
def test_values_that_are_refused_leave_the_question_open(
    ws: Workspace, asked: Proposal, filled_in: dict[str, Any], told: str
) -> None:
    given = approve(ws, asked, **filled_in)
    assert told in given.refused_because
    assert len(given.refused_because) < 1000
    assert ws.ledger.proposals(asked.incident_id) == [asked]
    assert ws.ledger.approved_by(asked.hash) == ""
    # The same person answers once more, within the bounds.
    later = answer(
        ws, asked, "approve", {"window_start": LATER}, now=NOW, by="ada", at=NOW + timedelta(minutes=1),
        channel="airflow",
    )  # fmt: skip
    assert later.refused_because == ""


def test_a_rejection_is_one_whatever_was_filled_in(ws: Workspace, asked: Proposal) -> None:
    given = answer(ws, asked, "reject", {"margin": "x"}, now=NOW, by="ada", at=NOW, channel="airflow")
    assert (given.answer, given.refused_because, given.proposal_hash) == ("reject", "", asked.hash)


def test_where_two_people_approve_both_approve_the_same(ws: Workspace, asked: Proposal) -> None:
    assert fields_of(replace(asked, permission=Permission.ASK_TWO)) == ()
    assert fields_of(replace(asked, approvals=2)) == ()


def test_an_action_that_is_not_installed_any_more_has_nothing_to_narrow(asked: Proposal) -> None:
    assert fields_of(replace(asked, action="gone_with_its_package")) == ()


@pytest.mark.parametrize("error", [SourceUnavailableError, RegistryUnavailableError])
def test_an_answer_that_meets_a_failure_is_on_record_and_the_question_stays(
    ws: Workspace, asked: Proposal, monkeypatch: pytest.MonkeyPatch, error: type[AirmedicError]
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise error("It does not answer.")

    with monkeypatch.context() as broken:
        broken.setattr("airmedic_core.training.rows.training_rows", away)
        with pytest.raises(error):
            narrow(ws, asked, {"window_start": LATER}, now=NOW)
        given = approve(ws, asked, window_start=LATER)
    assert given.refused_because == "It could not be planned now: It does not answer. Answer again."
    assert ws.ledger.approvals(asked.hash) == [given]
    assert ws.ledger.approved_by(asked.hash) == ""
    assert ws.ledger.proposals(asked.incident_id) == [asked]
    # Once it answers again, so does the same person.
    moment = NOW + timedelta(minutes=1)
    later = answer(ws, asked, "approve", {"window_start": LATER}, now=NOW, by="ada", at=moment, channel="airflow")
    assert later.refused_because == ""
    assert ws.ledger.proposal(later.proposal_hash).params["window_start"] == LATER


def test_a_training_does_not_end_before_the_change_that_it_is_to_learn(ws: Workspace) -> None:
    for number in range(46, 50):
        observe(ws, number)
    incident = incident_of(ws, 50)
    params, expected = ACTIONS.member("retrain").plan(ws, incident, None)
    assert params["since"] == day(46).isoformat()
    until = NOW + timedelta(days=1)
    proposal = Proposal(incident.id, "renewals", "retrain", params, expected, Permission.ASK, "r", NOW, until)
    with pytest.raises(NarrowingError, match="It has to be between 2026-02-16 00:00 and"):
        narrow(ws, proposal, {"window_end": day(45).isoformat()}, now=NOW)


def test_what_was_proposed_before_margins_were_part_of_it_has_none(ws: Workspace, asked: Proposal) -> None:
    params = {name: value for name, value in asked.params.items() if name != "margin"}
    assert [field.name for field in fields_of(replace(asked, params=params))] == ["window_start", "window_end"]


@pytest.mark.parametrize(
    ("changes", "without", "told"),
    [
        ({"window_start": LATER}, (), ""),
        ({"method": "package.module:function"}, (), "no approver may change method"),
        ({"as_of": day(59).isoformat(), "since": day(40).isoformat()}, (), "no approver may change as_of, since"),
        ({"since": None}, (), "no approver may change since"),
        ({}, ("as_of",), "no approver may change as_of"),
    ],
)
def test_what_no_field_changes_has_to_be_what_was_proposed(
    ws: Workspace, asked: Proposal, changes: dict[str, Any], without: tuple[str, ...], told: str
) -> None:
    assert "since" not in asked.params
    params = {name: value for name, value in (asked.params | changes).items() if name not in without}
    stopped = beyond_bounds(ws, replace(asked, params=params, parent=asked.hash))
    assert (stopped is not None) == bool(told)
    assert stopped is None or told in stopped.reason


def test_what_follows_from_a_chosen_version_is_planned_anew_and_nothing_is_added_to_it() -> None:
    rollback = ACTIONS.member("rollback")
    params = {"version": "2", "from_version": "3", "compared": "a", "versions": [], "others": {"1": "b"}}
    until = NOW + timedelta(days=1)
    proposal = Proposal("i", "renewals", "rollback", params, "e", Permission.ASK, "r", NOW, until)
    chosen = {"version": "1", "from_version": "3", "compared": "c", "versions": ["d"]}
    assert changed_beside(rollback, proposal, chosen) == []
    assert changed_beside(rollback, proposal, chosen | {"from_version": "4"}) == ["from_version"]
    # An override takes a person who gives a reason.
    assert changed_beside(rollback, proposal, chosen | {"override": "so"}) == ["override"]
