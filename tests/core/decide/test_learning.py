"""Decisions with what was learned: on record in the shadow, used where the policy says so, never beyond the policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from airmedic_core.decide import Request, decide
from airmedic_core.learning.logged import logged_decisions
from airmedic_core.learning.outcomes import verified_outcomes
from airmedic_core.policy import load_policy
from airmedic_core.records import (
    Cause,
    Json,
)
from airmedic_core.workspace import Workspace
from tests.core.learning.cases import closed
from tests.core.remediations import diagnosed
from tests.core.renewals import NOW, renewals, workspace

RULES = ("hold", "retrain")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    opened = workspace(tmp_path, renewals(days=5, per_day=5))
    for number in range(8):
        closed(opened.ledger, number, "hold", "failed", cause=Cause.CONCEPT_DRIFT)
        closed(opened.ledger, number + 20, "deploy", "healed", cause=Cause.CONCEPT_DRIFT, decided="retrain")
    (tmp_path / "policies").unlink()
    (tmp_path / "policies").mkdir()
    return opened


def policy(ws: Workspace, learning: str, retrain: str = "ask") -> None:
    text = (
        f"learning: {learning}\npermissions:\n"
        "  - {actions: [hold], permission: ask}\n"
        f"  - {{actions: [retrain], permission: {retrain}}}\n"
        "  - {actions: [escalate], permission: auto}\n"
    )
    (ws.settings.policies / "default.yaml").write_text(text)


def decided(ws: Workspace, request: Request | None = None) -> tuple[str, Json]:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, *RULES)
    decision = decide(ws, incident.id, request or Request(), now=NOW)
    assert decision.proposal is not None
    return decision.proposal.action, ws.ledger.decisions(incident.id)[-1]["details"]


@pytest.mark.parametrize(("learning", "action"), [("off", "hold"), ("shadow", "hold"), ("on", "retrain")])
def test_only_where_it_is_on_what_was_learned_is_done(ws: Workspace, learning: str, action: str) -> None:
    policy(ws, learning)
    chosen, details = decided(ws)
    said = details["learning"]
    assert (chosen, said["mode"], tuple(said["considered"])) == (action, learning, RULES)
    assert said["learned"] == (list(RULES) if learning == "off" else ["retrain", "hold"])
    assert said["propensities"][action] == 1.0
    assert sum(said["propensities"].values()) == 1.0


def test_learning_never_opens_what_the_policy_denies(ws: Workspace) -> None:
    policy(ws, "{mode: on, exploration_fraction: 0.5}", retrain="deny")
    chosen, details = decided(ws)
    assert chosen == "hold"
    # What is denied has no chance, and the other one all of it.
    assert details["learning"]["propensities"] == {"hold": 1.0}
    assert details["ranking"][0]["action"] == "retrain"


def test_a_person_s_choice_comes_before_what_was_learned(ws: Workspace) -> None:
    policy(ws, "on")
    chosen, details = decided(ws, Request("retrain", "I know it.", "anna"))
    assert (chosen, details["learning"]["considered"]) == ("retrain", ["retrain"])


def test_a_decision_on_record_is_read_back_with_its_chances(ws: Workspace) -> None:
    policy(ws, "{mode: on, exploration_fraction: 0.2}")
    chosen, details = decided(ws)
    experience = ws.ledger.experience()
    logged = logged_decisions(ws.ledger, experience, verified_outcomes(experience))
    (mine,) = [decision for decision in logged if decision.case.model == ws.spec.name]
    assert (mine.chosen, mine.healed) == (chosen, None)
    assert mine.propensities == details["learning"]["propensities"] == {"retrain": 0.9, "hold": 0.1}


@pytest.mark.parametrize(
    ("written", "mode"), [("off", "off"), ("on", "on"), ("shadow", "shadow"), ("{mode: off}", "off"), ("{}", "shadow")]
)
def test_yaml_s_booleans_are_read_as_the_words_that_they_are(ws: Workspace, written: str, mode: str) -> None:
    policy(ws, written)
    assert load_policy(ws.settings.policies).learning.mode == mode


def test_what_cannot_be_planned_has_no_chance_whatever_was_drawn(ws: Workspace) -> None:
    policy(ws, "{mode: on, exploration_fraction: 0.5}")
    text = (ws.settings.policies / "default.yaml").read_text()
    (ws.settings.policies / "default.yaml").write_text(text.replace("[retrain]", "[rollback]"))
    said = []
    for day in range(1, 6):
        incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "hold", "rollback", number=day)
        decision = decide(ws, incident.id, Request(), now=NOW)
        # No version served before the first one, so that nothing can be rolled back to.
        assert decision.proposal is not None
        assert decision.proposal.action == "hold"
        said.append(ws.ledger.decisions(incident.id)[-1]["details"]["learning"])
    assert [learning["considered"] for learning in said] == [["hold", "rollback"]] * 5
    # Without planning before the draw, each action would have had a chance in the decisions that drew hold.
    assert [learning["propensities"] for learning in said] == [{"hold": 1.0}] * 5
