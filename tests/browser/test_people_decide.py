"""Answers that are given on the page: Airflow and the ledger say whether they count, and the page says it in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.airflow.conftest import Running
from tests.airflow.running.steps import parked
from tests.browser.conftest import MODEL

if TYPE_CHECKING:
    from tests.browser.visitor import Visitor


def test_a_viewer_and_somebody_who_is_no_approver_are_refused_in_words(
    visit: Callable[..., Visitor], watched: Running, incident_id: str
) -> None:
    for user in ("vera", "uma"):
        page = visit(user).open("approvals", shows="form")
        page.get_by_role("button", name="Approve").click()
        refusal = page.locator("airmedic-health form [role=alert]")
        refusal.wait_for()
        assert "you may not do this" in refusal.inner_text()
        assert "anna" in refusal.inner_text()
        assert page.get_by_role("button", name="Approve").count() == 0
    (proposal,) = watched.workspace(MODEL).ledger.proposals(incident_id)
    assert watched.workspace(MODEL).ledger.approvals(proposal.hash) == []


def test_an_answer_that_airflow_cannot_take_can_be_given_again(
    visit: Callable[..., Visitor], watched: Running, incident_id: str
) -> None:
    """Answer in place of Airflow with an error of its own, which a sound Airflow does not have."""
    visitor = visit("anna")
    page = visitor.open("approvals", shows="form")
    broken = {"status": 500, "json": {"detail": "The database is locked."}}
    page.route("**/hitlDetails", lambda route: route.fulfill(**broken))
    page.get_by_role("button", name="Approve").click()
    refusal = page.locator("airmedic-health form [role=alert]")
    refusal.wait_for()
    assert refusal.inner_text() == "The database is locked."
    assert page.get_by_role("button", name="Approve").is_enabled()
    (proposal,) = watched.workspace(MODEL).ledger.proposals(incident_id)
    assert watched.workspace(MODEL).ledger.approvals(proposal.hash) == []
    assert visitor.faults == []


def test_two_approvers_answer_in_place_and_the_incident_says_who_decided(
    visit: Callable[..., Visitor], watched: Running, incident_id: str
) -> None:
    visitor = visit("anna")
    page = visitor.open("approvals", shows="form")
    (proposal,) = watched.workspace(MODEL).ledger.proposals(incident_id)
    shown = page.locator("airmedic-health .approval").inner_text()
    for part in (
        "What changes",
        "What it is worth",
        "How it is undone",
        "Who may answer",
        "If rejected or not answered",
    ):
        assert part in shown, shown
    assert "Two different people have to approve" in shown
    page.get_by_label("Comment").fill("Heat counts for more than load since Friday. Go on.")
    page.get_by_role("button", name="Approve").click()
    page.locator("airmedic-health .success").wait_for(timeout=120_000)
    assert "1 more has to approve" in page.locator("airmedic-health .success").inner_text()
    ledger = watched.workspace(MODEL).ledger
    (answer,) = ledger.approvals(proposal.hash)
    assert (answer.by, answer.answer, answer.comment, answer.channel) == (
        "anna",
        "approve",
        "Heat counts for more than load since Friday. Go on.",
        "airflow",
    )
    assert ledger.actions(incident_id=incident_id) == []
    page = visitor.open(f"incidents/{incident_id}")
    decided = page.locator("airmedic-health .answers").inner_text()
    assert "anna approved" in decided
    assert "Heat counts for more than load since Friday. Go on." in decided

    # The question stays until somebody else has approved as well.
    parked(watched, incident_id, "approve_retrain")
    second = visit("boris")
    page = second.open("approvals", shows="form")
    assert "anna approved" in page.locator("airmedic-health .approval").inner_text()
    page.get_by_label("Comment").fill("I agree.")
    page.get_by_role("button", name="Approve").click()
    page.locator("airmedic-health .success").wait_for(timeout=120_000)
    assert "it counts" in page.locator("airmedic-health .success").inner_text()
    assert [answer.by for answer in ledger.approvals(proposal.hash)] == ["anna", "boris"]
    assert visitor.faults == second.faults == []

    question = parked(watched, incident_id, "approve_deploy")
    visitor.open("approvals", shows="form .field")
    visitor.page.locator("airmedic-health .deciding svg").first.wait_for()
    assert visitor.shows_without_scrolling("Approve")
    visitor.open(f"incidents/{incident_id}", shows=".considered")
    visitor.page.locator("airmedic-health .considered summary").first.click()
    visitor.page.get_by_role("heading", name="How it was decided").scroll_into_view_if_needed()
    visitor.picture("decision-trace")
    visitor.open_required_action(f"remediate__{MODEL}", incident_id, "approve_deploy")
    visitor.page.get_by_text("at once.").first.wait_for(timeout=60_000)
    assert visitor.shows_without_scrolling("Approve")
    watched.client("anna").answer(question, "Reject", {"comment": "Not <b>today</b>."})
    watched.client("ada").wait_for_run(f"remediate__{MODEL}", incident_id)
    page = visitor.open(f"incidents/{incident_id}")
    told = page.locator("airmedic-health main").inner_text()
    assert "anna rejected" in told
    assert "Not <b>today</b>." in told
    page = visitor.open("approvals")
    assert "Nothing waits for an approval" in page.locator("airmedic-health main").inner_text()


def test_a_remediation_is_started_by_who_may(visit: Callable[..., Visitor], watched: Running) -> None:
    page = visit("vera").open(f"models/{MODEL}/start", shows="form")
    page.get_by_label("Reason").fill("A viewer asks.")
    page.get_by_role("button", name="Start").click()
    refusal = page.locator("airmedic-health form [role=alert]")
    refusal.wait_for()
    assert "you may not do this" in refusal.inner_text()

    client = watched.client("ada")
    before = {run["dag_run_id"] for run in client.runs(f"remediate__{MODEL}")}
    page = visit("uma").open(f"models/{MODEL}/start", shows="form")
    page.get_by_label("Action").select_option("diagnose_only")
    page.get_by_label("Reason").fill("A user asks.")
    page.get_by_role("button", name="Start").click()
    page.locator("airmedic-health .success").wait_for()
    (started,) = [run for run in client.runs(f"remediate__{MODEL}") if run["dag_run_id"] not in before]
    assert started["triggering_user_name"] == "uma"
    assert started["conf"]["action"] == "diagnose_only"
    assert client.wait_for_run(f"remediate__{MODEL}", started["dag_run_id"])["state"] == "success"
