"""Never back to a bad version, unless a person says why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Decision, Request, decide
from airmedic_core.decide.narrow import answer, fields_of
from airmedic_core.errors import ActionError, ApprovalError, ModelError
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import close_incident, request_incident
from airmedic_core.records import Approval, IncidentState, Permission, Proposal
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, observe, renewals, workspace

REASON = "the auditors want it"


@pytest.fixture(scope="module")
def flipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The relation flips on day 30: version 1 knows what held before, version 2 what holds since, and 2 serves."""
    folder = tmp_path_factory.mktemp("flipped")
    ws = workspace(folder, renewals(changed_on=30))
    adopt(ws, by="anna")
    train(ws, Window(day(30), day(42)), day(44), {"method": "default"})
    ws.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("1",), now=NOW - timedelta(days=1))
    for number in range(44, 54):
        observe(ws, number, outcome="healthy")
    return folder


@pytest.fixture
def ws(tmp_path: Path, flipped: Path) -> Workspace:
    return copy_of(flipped, tmp_path, gate={"min_rows": 100})


def ask(ws: Workspace, run: str = "manual__1", **more: str) -> Decision:
    request = Request("rollback", "customers complain", "ada", **more)  # type: ignore[arg-type]
    asked = request_incident(ws, request, run, now=NOW)
    return decide(ws, asked.id, request, now=NOW)


def proposed(decision: Decision) -> Proposal:
    assert decision.proposal is not None
    return decision.proposal


def test_a_target_that_is_clearly_worse_on_the_newest_rows_is_refused(ws: Workspace) -> None:
    decision = ask(ws)
    assert decision.path == "escalate"
    (skipped,) = decision.skipped
    assert "must not come back: It is clearly worse. On" in skipped["reason"]
    assert "override this in the form" in skipped["reason"]


def test_what_a_person_overrides_is_recorded_and_shown_and_never_resolved(ws: Workspace) -> None:
    proposal = proposed(ask(ws, override=REASON))
    action = ACTIONS.member("rollback")
    assert proposal.params["override"] == f"ada says: {REASON}"
    assert action.warning(proposal).endswith(f"This is overridden: ada says: {REASON}")
    assert "It is clearly worse" in action.warning(proposal)
    assert list(action.background(proposal)) == [
        "version 2 serves",
        "version 1 was replaced on 2026-05-31 12:00 UTC, by version 2",
    ]
    ws.ledger.answer_proposal(proposal.hash, "approve", by="bob", at=NOW, channel="airflow")
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    closed = close_incident(ws, proposal.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "worse")


def test_the_better_version_that_an_override_took_out_is_offered_again(ws: Workspace) -> None:
    """Whoever wanted the worse one all the same has said nothing against the better one."""
    overridden = proposed(ask(ws, override=REASON))
    ws.ledger.answer_proposal(overridden.hash, "approve", by="bob", at=NOW, channel="airflow")
    carry_out(ws, overridden.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "1"
    back = proposed(ask(ws, "manual__2"))
    assert (back.params["version"], "override" in back.params) == ("2", False)
    ws.ledger.answer_proposal(back.hash, "approve", by="bob", at=NOW, channel="airflow")
    assert carry_out(ws, back.hash, now=NOW).status == "done"
    closed = close_incident(ws, back.incident_id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.RESOLVED, "rolled_back")
    # The worse one was rolled back now, so that nothing is left to go back to.
    assert ask(ws, "manual__3").path == "escalate"


def test_an_override_holds_for_the_request_that_gave_it(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    overridden = Request("rollback", by="ada", override=REASON)
    assert proposed(decide(ws, incident.id, overridden, now=NOW)).action == "rollback"
    assert decide(ws, incident.id, Request("rollback", by="bob"), now=NOW).path == "escalate"


def test_the_comparison_stands_in_the_proposal(ws: Workspace) -> None:
    # Where the flipped relation is what the champion does not know, the version before is the better one.
    ws.registry.switch("renewals", "1", kind="deploy", by="anna", expected=("2",), now=NOW)
    proposal = proposed(ask(ws))
    assert (proposal.params["version"], proposal.params["from_version"]) == ("2", "1")
    assert "with version 2 and" in proposal.params["compared"]
    assert proposal.params["compared"] in proposal.expected
    assert ACTIONS.member("rollback").warning(proposal) == ""


def test_a_version_that_was_rolled_back_is_not_offered_again(ws: Workspace) -> None:
    """After a bad deployment was rolled back, the version before must not be the bad one."""
    ws.registry.switch("renewals", "1", kind="rollback", by="ada", expected=("2",), now=NOW)
    with pytest.raises(ModelError, match=r"no version to roll back to: version 2 was rolled back on 2026-06-01"):
        ws.registry.rollback_target("renewals")
    assert ask(ws).path == "escalate"


def test_a_bad_version_comes_back_only_by_name_and_with_a_reason(ws: Workspace) -> None:
    ws.registry.switch("renewals", "1", kind="rollback", by="ada", expected=("2",), now=NOW)
    refused = ask(ws, version="2")
    assert "Version 2 was rolled back on" in refused.skipped[0]["reason"]
    proposal = proposed(ask(ws, "manual__2", version="2", override=REASON))
    assert proposal.params["version"] == "2"
    assert "was rolled back on" in ACTIONS.member("rollback").warning(proposal)


def test_a_person_can_choose_the_version(ws: Workspace) -> None:
    train(ws, Window(day(30), day(43)), day(45), {"method": "default"})
    assert proposed(ask(ws, version="3")).params["version"] == "3"
    assert "serves already" in ask(ws, "manual__2", version="2").skipped[0]["reason"]


def test_what_has_become_clearly_worse_since_it_was_asked_for_is_not_begun(ws: Workspace) -> None:
    incident = incident_of(ws, 53)
    proposal = approved(ws, incident, "rollback", {"version": "1", "from_version": "2"})
    with pytest.raises(ActionError, match="must not come back: It is clearly worse"):
        carry_out(ws, proposal.hash, now=NOW)
    assert ws.registry.champion("renewals").version == "2"


def test_a_rollback_that_turns_out_clearly_worse_is_undone(ws: Workspace) -> None:
    incident = incident_of(ws, 53)
    proposal = approved(ws, incident, "rollback", {"version": "1", "from_version": "2"})
    # A process that was killed had checked it on rows of another time.
    ws.ledger.begin_action(proposal, {"champion": "2"})
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "undone"
    assert "did not verify: On" in result.summary
    assert ws.registry.champion("renewals").version == "2"
    left = ws.registry.departures("renewals")["1"]
    assert (left.how, left.bad) == ("did not verify after a rollback", True)


@pytest.fixture
def three(ws: Workspace) -> Workspace:
    """A third version serves; both before it left without a fault, and version 1 is clearly worse by now."""
    train(ws, Window(day(30), day(43)), day(45), {"method": "default"})
    ws.registry.switch("renewals", "3", kind="deploy", by="anna", expected=("2",), now=NOW - timedelta(hours=2))
    return ws


def narrowed(ws: Workspace, proposal: Proposal, version: object) -> Approval:
    return answer(
        ws, proposal, "approve", {"version": version}, now=NOW, by="bob", at=NOW, channel="airflow",
        separate_duties=True,
    )  # fmt: skip


def test_an_approver_chooses_among_the_versions_that_the_comparison_allows(three: Workspace) -> None:
    # Version 2 serves again: of the others that served, 3 is as good, and 1 is clearly worse.
    three.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("3",), now=NOW - timedelta(hours=1))
    three.registry.switch("renewals", "1", kind="deploy", by="anna", expected=("2",), now=NOW - timedelta(minutes=9))
    proposal = proposed(ask(three))
    assert (proposal.params["version"], list(proposal.params["others"])) == ("2", ["3"])
    (field,) = fields_of(proposal)
    assert (field.proposed, field.schema["enum"]) == ("2", ["2", "3"])
    assert list(ACTIONS.member("rollback").background(proposal))[-1].startswith("version 3 may be chosen instead. On")

    given = narrowed(three, proposal, "3")
    assert given.refused_because == ""
    narrower = three.ledger.proposal(given.proposal_hash)
    assert (narrower.params["version"], narrower.params["from_version"]) == ("3", "1")
    assert "with version 3 and" in narrower.params["compared"]
    assert narrower.expected.startswith("Version 3 serves again")
    assert fields_of(narrower) == ()
    with pytest.raises(ApprovalError):
        carry_out(three, proposal.hash, now=NOW)
    assert carry_out(three, narrower.hash, now=NOW).status == "done"
    assert three.registry.champion("renewals").version == "3"


def test_a_version_that_is_clearly_worse_is_not_offered_and_not_taken(three: Workspace) -> None:
    proposal = proposed(ask(three))
    assert (proposal.params["version"], "others" in proposal.params) == ("2", False)
    assert "no field 'version'" in narrowed(three, proposal, "1").refused_because
    assert three.ledger.replacement_of(proposal.hash) is None


def test_a_version_that_has_become_clearly_worse_is_refused_and_no_override_is_taken_over(three: Workspace) -> None:
    three.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("3",), now=NOW - timedelta(hours=1))
    until = NOW + timedelta(days=1)
    incident = incident_of(three, 53)
    # When it was asked, version 1 seemed to be as good; and version 3 was wanted in spite of something.
    params = {"version": "3", "from_version": "2", "others": {"1": "It is as good."}, "override": "ada says: try it"}
    proposal = Proposal(incident.id, "renewals", "rollback", params, "e", Permission.ASK, "r", NOW, until)
    three.ledger.record_proposal(proposal)
    refused = narrowed(three, proposal, "1").refused_because
    assert "must not come back: It is clearly worse" in refused
    assert refused.endswith("Version to go back to: one of 3, 1.")
    assert "one of 3, 1" in narrowed(three, proposal, "99").refused_because


def test_where_a_person_has_named_the_version_that_version_is_the_question(three: Workspace) -> None:
    assert fields_of(proposed(ask(three, version="2"))) == ()


def test_a_version_that_somebody_deleted_is_not_offered(three: Workspace) -> None:
    three.registry.switch("renewals", "2", kind="deploy", by="anna", expected=("3",), now=NOW - timedelta(hours=1))
    three.registry.switch("renewals", "1", kind="deploy", by="anna", expected=("2",), now=NOW - timedelta(minutes=9))
    three.registry.client.delete_model_version("renewals", "3")
    assert fields_of(proposed(ask(three))) == ()
