"""The order in which rules are read back has to be the one in which they are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.decide.limits import objection
from airmedic_core.decide.propose import Standing, permitted
from airmedic_core.decide.rules_asked import RULES, rules_asked
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Limits, Policy
from airmedic_core.records import ActionResult, Cause, Permission, Proposal
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, incident_of, renewals, workspace

ALWAYS: dict[str, Any] = {
    "freezes": [{"start": "2020-01-01", "end": "2099-01-01", "reason": "Year end"}],
    "switched_off": True,
}
MODEL = "renewals"
INCIDENT = "now"


def undone(ledger: Ledger, minutes_ago: float, *, model: str = MODEL, incident_id: str = INCIDENT) -> None:
    """Put a training on record that took five minutes and was undone."""
    at = NOW - timedelta(minutes=minutes_ago)
    params = {"at": at.isoformat(), "model": model}
    proposal = Proposal(incident_id, model, "retrain", params, "", Permission.ASK, "", at, at + timedelta(days=1))
    ledger.begin_action(proposal, {}, now=at)
    result = ActionResult(proposal.hash, "retrain", "undone", "", 300.0)
    ledger.take_back_action(result)
    ledger.finish_action(result, now=at + timedelta(minutes=5))


def test_the_first_of_all_limits_objects_and_then_the_next(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")
    for minutes in (50, 40, 30):
        undone(ledger, minutes)
    undone(ledger, 20, incident_id="another")
    running = Proposal("third", "other", "retrain", {}, "", Permission.ASK, "", NOW, NOW + timedelta(days=1))
    ledger.begin_action(running, {}, now=NOW - timedelta(minutes=1))
    tight: dict[str, Any] = {
        "breaker_failures": 1, "attempts_per_incident": 1, "actions_per_day": 0, "actions_per_day_fleet": 0,
        "training_minutes_per_day": 0, "training_minutes_per_day_fleet": 0, "concurrent_actions": 1,
    }  # fmt: skip
    # Each limit that has objected is lifted, so that the one that is asked next objects.
    lifted: dict[str, dict[str, Any]] = {
        "policy_switch": {"switched_off": False}, "freeze": {"freezes": []}, "breaker": {"breaker_failures": 99},
        "cooldown": {"cooldown_minutes": 0}, "attempts_per_incident": {"attempts_per_incident": 99},
        "actions_per_day": {"actions_per_day": 99}, "actions_per_day_fleet": {"actions_per_day_fleet": 99},
        "training_minutes_per_day": {"training_minutes_per_day": 9999},
        "training_minutes_per_day_fleet": {"training_minutes_per_day_fleet": 9999},
        "concurrent_actions": {"concurrent_actions": 99},
    }  # fmt: skip
    rules, limits, env, order = dict(ALWAYS), dict(tight), {"AIRMEDIC_KILL_SWITCH": "1"}, []
    while True:
        policy = Policy.model_validate({"permissions": [], **rules, "limits": limits})
        stopped = objection(
            ledger, policy, model=MODEL, environment="production", action="retrain", incident_id=INCIDENT, now=NOW,
            env=env,
        )  # fmt: skip
        if stopped is None:
            break
        order.append(stopped.limit)
        if stopped.limit == "kill_switch":
            env = {}
            continue
        change = lifted[stopped.limit]
        rules |= {key: value for key, value in change.items() if key in ALWAYS}
        limits |= {key: value for key, value in change.items() if key not in ALWAYS}
    known = [rule.name for rule in rules_asked("retrain", Limits(), asks=True)]
    assert order == [name for name in known if name not in {"policy", "autonomy", "plan", "path", "rejected"}]


def test_permissions_and_autonomy_come_before_the_switches(tmp_path: Path) -> None:
    ws: Workspace = workspace(tmp_path, renewals(days=5, per_day=5))
    ws = replace(ws, switches=(lambda model: f"A switch stops {model}.",))
    incident = incident_of(ws, 3, Cause.CONCEPT_DRIFT)
    order = []
    for policy in (
        {"permissions": [], "autonomy": {"incident": "observe"}},
        {"permissions": [{"actions": ["retrain"], "permission": "ask"}], "autonomy": {"incident": "observe"}},
        {"permissions": [{"actions": ["retrain"], "permission": "ask"}]},
    ):
        rules = Policy.model_validate(policy)
        verdict = permitted(ws, rules, incident, "retrain", Standing.of(None, rules), now=NOW)
        order.append(getattr(verdict, "limit", ""))
    assert order == [rule.name for rule in RULES[:3]] == ["policy", "autonomy", "kill_switch"]


@pytest.mark.parametrize(("action", "asks"), [("retrain", True), ("rollback", False), ("hold", True)])
def test_what_is_not_asked_is_left_out_and_the_order_stays(action: str, asks: bool) -> None:
    names = [rule.name for rule in RULES]
    asked = [rule.name for rule in rules_asked(action, Limits(), asks=asks)]
    assert all(names.index(before) < names.index(after) for before, after in pairwise(asked))
    assert ("rejected" in asked) is asks
    assert ("freeze" in asked) is (action == "retrain")
    assert ("training_minutes_per_day" in asked) is (action == "retrain")
