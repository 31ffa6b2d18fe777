"""The question about a version that is tried, answered on the page: what is told is what Airflow and the ledger record.

A canary whose time is over a second after it has begun shows nothing, and people are asked at once. The models come to
the running Airflow with these tests, the last of all: the fleet of the other tests has one model.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.airflow.conftest import TRIED, Running
from tests.airflow.running.steps import new_run_id, parked

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.visitor import Visitor

TWO_PROMOTE = "permissions:\n  - actions: [promote_trial]\n    permission: ask_two\n"
"""Two people have to approve that the version is promoted; one is enough for all else."""


@pytest.fixture(scope="session")
def asked(watched: Running) -> dict[str, str]:
    """Return, by model, the run of a training that somebody has asked for. All of them wait for an answer."""
    from airmedic_local.installation import PROJECT
    from tests.airflow.production import meter

    home, content, client = watched.installation.home, watched.content, watched.client("ada")
    policy = (PROJECT / "include" / "policies" / "default.yaml").read_text(encoding="utf-8")
    careful = policy.replace("permissions:\n", TWO_PROMOTE, 1)
    (content / "policies" / "careful.yaml").write_text(careful, encoding="utf-8")
    shutil.copy(PROJECT / "include" / "policies" / "default.yaml", content / "policies" / "usual.yaml")
    meter.write_rows(home / "machines.csv", machines=36)
    for model in TRIED:
        policy = "careful" if model == "promoted" else "usual"
        meter.write_tried_spec(content / "models", model, home / "machines.csv", policy=policy)
    client.wait_for_dags([f"remediate__{model}" for model in TRIED])
    runs = {}
    for model in TRIED:
        watched.adopt(model)
        form = {"action": "retrain", "reason": "A test asks."}
        runs[model] = client.trigger(f"remediate__{model}", form, run_id=new_run_id())
    for run_id in runs.values():
        parked(watched, run_id, "approve_retrain")
    return runs


@pytest.fixture(scope="session")
def undecided(watched: Running, asked: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return, by model, the question about the version that is tried. All of them wait at the same time."""
    client = watched.client("anna")
    for task_id in ("approve_retrain", "approve_deploy"):
        for model, run_id in asked.items():
            waiting = client.task_states(f"remediate__{model}", run_id)[task_id]
            if waiting != "success":
                client.answer(parked(watched, run_id, task_id), "Approve")
    return {model: parked(watched, run_id, "decide_on_trial") for model, run_id in asked.items()}


def card_of(visitor: Visitor, title: str) -> Locator:
    """Open the page of approvals, and return the card whose question names a model."""
    page = visitor.open("approvals", shows="form")
    card = page.locator("airmedic-health .approval").filter(has_text=title)
    card.locator("button[type=submit]").first.wait_for()
    assert card.count() == 1
    return card


def told(card: Locator, option: str) -> str:
    """Press a button, and return what the page says once the ledger has the answer."""
    card.get_by_role("button", name=option, exact=True).click()
    card.locator(".success").wait_for(timeout=120_000)
    return card.locator(".success").inner_text()


def answers(watched: Running, model: str, action: str) -> list[tuple[str, str]]:
    """Return who has answered what about an action."""
    ledger = watched.workspace(model).ledger
    incident = ledger.incidents(model, limit=1)[0]
    return [
        (given.by, given.answer)
        for proposal in ledger.proposals(incident.id)
        if proposal.action == action
        for given in ledger.approvals(proposal.hash)
    ]


def test_a_training_is_approved_narrower_than_proposed(
    visit: Callable[..., Visitor], watched: Running, asked: dict[str, str]
) -> None:
    model = "continued"
    ledger = watched.workspace(model).ledger
    (proposed,) = ledger.proposals(ledger.incidents(model, limit=1)[0].id)
    later = datetime.fromisoformat(proposed.params["window_start"]) + timedelta(days=1)
    visitor = visit("anna")
    card = card_of(visitor, f"Test {model}")
    card.get_by_label("First moment of the training rows").fill(later.isoformat())
    assert told(card, "Approve") == "Approved by anna, narrower than proposed: it counts."
    (narrower,) = [proposal for proposal in ledger.proposals(proposed.incident_id) if proposal.parent == proposed.hash]
    assert datetime.fromisoformat(narrower.params["window_start"]) == later
    assert [given.by for given in ledger.approvals(narrower.hash)] == ["anna"]
    assert visitor.faults == []


def test_the_two_proposals_of_a_trial_stand_as_one_card_with_airflow_s_own_question(
    visit: Callable[..., Visitor], undecided: dict[str, dict[str, Any]]
) -> None:
    visitor = visit("vera")
    for model, question in undecided.items():
        card = card_of(visitor, f"Test {model}")
        assert card.locator("h3").all_inner_texts() == [question["subject"]]
        # Both were proposed at the same moment.
        proposed = sorted(card.locator("h4").all_inner_texts())
        assert proposed == ["End the trial", "Put the version that is tried in service"]
        assert card.locator("button[type=submit]").all_inner_texts() == ["Promote", "End the trial", "Go on"]
    assert visitor.faults == []


def test_somebody_who_may_not_answer_is_refused_in_words(
    visit: Callable[..., Visitor], watched: Running, undecided: dict[str, dict[str, Any]]
) -> None:
    card = card_of(visit("uma"), "Test ended")
    card.get_by_role("button", name="End the trial", exact=True).click()
    refusal = card.locator("[role=alert]")
    refusal.wait_for()
    assert "you may not do this" in refusal.inner_text()
    assert card.locator("button[type=submit]").count() == 0
    assert answers(watched, "ended", "end_trial") == []


def test_a_promotion_that_two_have_to_approve_waits_for_the_other(
    visit: Callable[..., Visitor], watched: Running, asked: dict[str, str], undecided: dict[str, dict[str, Any]]
) -> None:
    model = "promoted"
    words = told(card_of(visit("anna"), f"Test {model}"), "Promote")
    assert words == "“Promote”: approved by anna: it counts, and 1 more has to approve."
    assert watched.workspace(model).registry.champion(model).version == "1"
    parked(watched, asked[model], "decide_on_trial")
    words = told(card_of(visit("boris"), f"Test {model}"), "Promote")
    assert words == "“Promote”: approved by boris: it counts."
    assert watched.client("ada").wait_for_run(f"remediate__{model}", asked[model])["state"] == "success"
    assert watched.workspace(model).registry.champion(model).version == "2"
    assert answers(watched, model, "promote_trial") == [("anna", "approve"), ("boris", "approve")]
    assert answers(watched, model, "end_trial") == [("boris", "reject")]


@pytest.mark.parametrize(
    ("model", "option", "words", "of_ending"),
    [
        ("ended", "End the trial", "“End the trial”: approved by boris: it counts.", "approve"),
        ("continued", "Go on", "“Go on”: what was proposed is rejected by boris: it counts.", "reject"),
    ],
)
def test_the_other_two_answers_are_told_as_they_are_recorded(
    visit: Callable[..., Visitor],
    watched: Running,
    asked: dict[str, str],
    undecided: dict[str, dict[str, Any]],
    model: str,
    option: str,
    words: str,
    of_ending: str,
) -> None:
    late = card_of(visit("anna"), f"Test {model}")
    assert told(card_of(visit("boris"), f"Test {model}"), option) == words
    late.get_by_role("button", name=option, exact=True).click()
    late.locator("[role=alert]").wait_for()
    assert "Somebody else was faster" in late.locator("[role=alert]").inner_text()
    assert watched.client("ada").wait_for_run(f"remediate__{model}", asked[model])["state"] == "success"
    assert answers(watched, model, "end_trial") == [("boris", of_ending)]
    assert answers(watched, model, "promote_trial") == [("boris", "reject")]
    registry = watched.workspace(model).registry
    assert registry.champion(model).version == "1"
    assert (registry.trial(model) is None) == (of_ending == "approve")
