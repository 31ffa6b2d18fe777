"""What the page says of an answer and of a decision: the words come from what the ledger has recorded.

The form is the page's own file, in a Chromium. Airflow and the read model are answered for, since a trial that shows
nothing in time takes days to come about.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from airmedic_local.installation import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

PAGES = PROJECT / "plugins" / "airmedic" / "web" / "static"
STATIC = "/airmedic/static/"
ENDING, PROMOTION = "e" * 64, "f" * 64
ASKED_AT = "2026-01-04T12:00:00.400Z"
RECORDED_AT = "2026-01-04T12:00:00Z"
FORM = """
async ([approval, question]) => {
  const { answerForm } = await import("/airmedic/static/views/answer.js");
  document.body.append(answerForm(approval, question, () => {}));
}
"""

CARDS = """
async () => {
  const { approvalsView } = await import("/airmedic/static/views/approvals.js");
  document.body.append(...(await approvalsView({ signal: undefined, reload: () => {} })).flat(Infinity));
}
"""


def given(answer: str, by: str = "anna") -> dict[str, Any]:
    return {"answer": answer, "by": by, "at": RECORDED_AT, "comment": "", "refused_because": ""}


def proposal(of: str, *answers: dict[str, Any], needed: int = 1, parent: str | None = None) -> dict[str, Any]:
    return {"hash": of, "parent": parent, "approvals_needed": needed, "answers": list(answers)}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()

    def file(route: Route) -> None:
        path = PAGES / urlsplit(route.request.url).path.removeprefix(STATIC)
        route.fulfill(body=path.read_bytes(), content_type=mimetypes.guess_type(Path(path).name)[0])

    page.route("**/*", lambda route: route.fulfill(body="<!doctype html><title>t</title>", content_type="text/html"))
    page.route(f"**{STATIC}**", file)
    page.route("**/hitlDetails", lambda route: route.fulfill(json={"responded_at": ASKED_AT}))
    page.goto("http://airmedic.test/")
    yield page
    context.close()


def told(page: Page, option: str, options: list[str], proposals: list[dict[str, Any]]) -> str:
    """Press a button, and return what the page says once the ledger has the answer."""
    page.route("**/airmedic/api/incidents/*", lambda route: route.fulfill(body=json.dumps({"proposals": proposals})))
    task = {"dag_id": "remediate__a", "dag_run_id": "r", "task_id": "decide_on_trial", "map_index": -1}
    first, *others = [line["hash"] for line in proposals if line["parent"] is None]
    approval = {
        "incident_id": "i",
        "hash": first,
        "alternatives": [{"hash": other} for other in others],
        "approvers": ["anna"],
    }
    page.evaluate(FORM, [approval, {"task_instance": task, "options": options, "params": {}}])
    page.get_by_role("button", name=option, exact=True).click()
    page.locator(".success").wait_for(timeout=10_000)
    return page.locator(".success").inner_text()


@pytest.mark.parametrize(
    ("option", "of_ending", "of_promotion", "words"),
    [
        ("Promote", "reject", "approve", "“Promote”: approved by anna: it counts."),
        ("End the trial", "approve", "reject", "“End the trial”: approved by anna: it counts."),
        ("Go on", "reject", "reject", "“Go on”: what was proposed is rejected by anna: it counts."),
    ],
)
def test_each_of_three_answers_is_told_as_it_is_recorded(
    page: Page, option: str, of_ending: str, of_promotion: str, words: str
) -> None:
    recorded = [proposal(ENDING, given(of_ending)), proposal(PROMOTION, given(of_promotion))]
    assert told(page, option, ["Promote", "End the trial", "Go on"], recorded) == words
    assert page.locator("button.reject").count() == 0


def test_a_promotion_that_two_have_to_approve_waits_for_the_other(page: Page) -> None:
    recorded = [proposal(ENDING, needed=2), proposal(PROMOTION, given("approve"), needed=2)]
    words = told(page, "Promote", ["Promote", "End the trial", "Go on"], recorded)
    assert words == "“Promote”: approved by anna: it counts, and 1 more has to approve."


def test_narrower_is_only_what_comes_from_the_proposal_that_was_asked_about(page: Page) -> None:
    recorded = [proposal(ENDING), proposal(PROMOTION, given("approve"), parent=ENDING)]
    words = told(page, "Approve", ["Approve", "Reject"], recorded)
    assert words == "Approved by anna, narrower than proposed: it counts."


def test_the_two_proposals_of_a_trial_stand_as_one_card_with_airflow_s_own_question(page: Page) -> None:
    told_of = {"params_words": [], "permission": "ask", "expected": "", "reason": "", "undo_words": "", "warning": ""}
    ending = {**proposal(ENDING), **told_of, "action_words": "end the trial"}
    promotion = {**proposal(PROMOTION), **told_of, "action_words": "put the version in service"}
    asked = {"model": "a", "incident_id": "i", "question": "End the trial?", "approvers": [], "dag_id": "remediate__a"}
    line = {**ending, **asked, "created_at": RECORDED_AT, "expires_at": RECORDED_AT, "gate": None}
    task = {"dag_id": "remediate__a", "dag_run_id": "r", "task_id": "decide_on_trial", "map_index": -1}
    waiting = {
        "task_instance": task,
        "subject": "Version 2 of a is tried: go on?",
        "body": f"{PROMOTION} and {ENDING}",
        "options": ["Promote", "End the trial", "Go on"],
        "params": {},
    }
    page.route(
        "**/api/approvals", lambda route: route.fulfill(json={"approvals": [line | {"alternatives": [promotion]}]})
    )
    page.route("**/api/incidents/*", lambda route: route.fulfill(json={"proposals": [ending, promotion]}))
    page.route("**/hitlDetails?*", lambda route: route.fulfill(json={"hitl_details": [waiting]}))
    page.evaluate(CARDS)
    assert page.locator(".approval h3").all_inner_texts() == ["Version 2 of a is tried: go on?"]
    assert page.locator(".approval h4").all_inner_texts() == ["End the trial", "Put the version in service"]
    assert page.locator(".approval button[type=submit]").all_inner_texts() == ["Promote", "End the trial", "Go on"]


@pytest.mark.parametrize(
    ("learning", "words"),
    [
        ({"mode": "shadow", "would_try": ""}, ""),
        ({"mode": "shadow", "would_try": "retrain"}, "would have tried first: retrain."),
        ({"mode": "on", "would_try": ""}, "Past outcomes ordered the actions."),
    ],
)
def test_what_learning_would_have_tried_is_told_only_where_it_is_known(
    page: Page, learning: dict[str, str], words: str
) -> None:
    considered = [{"action_words": "retrain", "fate": "chosen", "reason": "", "rules": []}]
    decision = {"at": RECORDED_AT, "path": "retrain", "reason": "It fits.", "considered": considered}
    page.evaluate(
        """async (decision) => {
          const { decisionTrace } = await import("/airmedic/static/views/trace.js");
          document.body.append(decisionTrace({ model: "a", decisions: [decision] }));
        }""",
        decision | {"learning": learning},
    )
    told = page.locator("article").inner_text()
    assert "It fits." in told
    assert words.lower() in told.lower()
    assert ("tried first" in told) == ("tried first" in words)
