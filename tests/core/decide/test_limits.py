from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.decide.kill_switch import KILL_SWITCH, require_enabled
from airmedic_core.decide.limits import objection
from airmedic_core.errors import PolicyError
from airmedic_core.ledger import EVERY_MODEL, Ledger
from airmedic_core.policy import Policy
from airmedic_core.records import ActionResult, Permission, Proposal

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}")


def did(
    ledger: Ledger,
    action: str = "retrain",
    *,
    minutes_ago: float = 30,
    status: str = "done",
    model: str = "churn",
    incident_id: str = "earlier",
) -> None:
    """Put an action on record."""
    at = NOW - timedelta(minutes=minutes_ago)
    proposal = Proposal(
        incident_id, model, action, {"at": at.isoformat()}, "", Permission.ASK, "", at, at + timedelta(days=1)
    )
    if status in {"failed", "stopped"}:
        ledger.refuse_action(proposal, status, "", now=at)  # type: ignore[arg-type]
        return
    ledger.begin_action(proposal, {}, now=at)
    result = ActionResult(proposal.hash, action, status, "", 1.0)  # type: ignore[arg-type]
    if status == "undone":
        ledger.take_back_action(result)
    if status != "running":
        ledger.finish_action(result, now=at)


def stopped(ledger: Ledger, action: str = "retrain", env: dict[str, str] | None = None, **policy: Any) -> str:
    """Return the name of the limit that stops an action, and nothing if none does."""
    rules = Policy.model_validate({"permissions": [], **policy})
    stopped = objection(
        ledger,
        rules,
        model="churn",
        environment="production",
        action=action,
        incident_id="now",
        now=NOW,
        env=env or {},
    )
    return stopped.limit if stopped else ""


def test_nothing_stops_a_first_action(ledger: Ledger) -> None:
    assert stopped(ledger) == ""


@pytest.mark.parametrize(("minutes_ago", "limit"), [(59, "cooldown"), (60, "")])
def test_an_action_of_another_incident_has_to_cool_down(ledger: Ledger, minutes_ago: float, limit: str) -> None:
    did(ledger, minutes_ago=minutes_ago)
    assert stopped(ledger) == limit


def test_other_models_other_actions_and_rehearsals_do_not_cool_down(ledger: Ledger) -> None:
    did(ledger, model="hotel")
    did(ledger, "deploy")
    did(ledger, incident_id="now")
    assert stopped(ledger) == ""


def test_one_incident_gets_so_many_attempts(ledger: Ledger) -> None:
    for minutes in (10, 20):
        did(ledger, minutes_ago=minutes, incident_id="now")
    assert stopped(ledger) == ""
    did(ledger, minutes_ago=30, incident_id="now")
    assert stopped(ledger) == "attempts_per_incident"
    assert stopped(ledger, "deploy") == ""


def test_a_model_and_the_fleet_get_so_many_actions_a_day(ledger: Ledger) -> None:
    for hours in (2, 4, 25):
        did(ledger, "deploy", minutes_ago=hours * 60)
    did(ledger, "deploy", minutes_ago=60, model="hotel")
    assert stopped(ledger, limits={"actions_per_day": 3, "actions_per_day_fleet": 4}) == ""
    assert stopped(ledger, limits={"actions_per_day": 2}) == "actions_per_day"
    assert stopped(ledger, limits={"actions_per_day_fleet": 3}) == "actions_per_day_fleet"


def test_so_many_actions_run_at_once_and_dead_ones_do_not_count_for_ever(ledger: Ledger) -> None:
    did(ledger, "deploy", minutes_ago=60 * 7, status="running", model="hotel")
    did(ledger, "deploy", minutes_ago=5, status="running", model="bike")
    assert stopped(ledger, limits={"concurrent_actions": 2}) == ""
    assert stopped(ledger, limits={"concurrent_actions": 1}) == "concurrent_actions"


def test_the_breaker_opens_after_three_failures_in_a_row_and_closes_after_a_while(ledger: Ledger) -> None:
    did(ledger, "deploy", minutes_ago=300, status="failed")
    did(ledger, "retrain", minutes_ago=240, status="undone")
    assert stopped(ledger) == ""
    did(ledger, "deploy", minutes_ago=120, status="failed")
    assert stopped(ledger) == "breaker"
    assert stopped(ledger, limits={"breaker_hours": 1}) == ""
    did(ledger, "deploy", minutes_ago=119, status="done")
    assert stopped(ledger) == ""


def test_a_change_freeze_in_the_policy_holds_in_its_environments(ledger: Ledger) -> None:
    freeze = {"start": NOW - timedelta(days=1), "end": NOW + timedelta(days=1), "reason": "year end"}
    assert stopped(ledger, freezes=[freeze]) == "freeze"
    assert stopped(ledger, freezes=[{**freeze, "environments": ["staging"]}]) == ""
    assert stopped(ledger, freezes=[{**freeze, "end": NOW}]) == ""


def test_a_change_freeze_in_the_ledger_holds_until_it_expires(ledger: Ledger) -> None:
    ledger.set_override(
        EVERY_MODEL, "freeze", "release", {}, author="ada", reason="release", expires_at=NOW + timedelta(hours=1)
    )
    assert stopped(ledger) == "freeze"
    ledger.set_override(EVERY_MODEL, "freeze", "release", {}, author="ada", reason="release", expires_at=NOW)
    assert stopped(ledger) == ""


@pytest.mark.parametrize("action", ["escalate", "hold", "quarantine", "rollback"])
def test_what_protects_is_stopped_by_no_limit(ledger: Ledger, action: str) -> None:
    for minutes in (1, 2, 3):
        did(ledger, action, minutes_ago=minutes, status="failed", incident_id="now")
    ledger.set_override("churn", "freeze", "x", {}, author="ada", reason="r")
    assert stopped(ledger, action) == ""


@pytest.mark.parametrize(
    ("value", "limit"), [("1", "kill_switch"), ("yes", "kill_switch"), ("0", ""), ("False", ""), ("", "")]
)
def test_the_kill_switch_of_the_environment_stops_every_change(ledger: Ledger, value: str, limit: str) -> None:
    env = {KILL_SWITCH: value}
    assert stopped(ledger, "rollback", env) == limit
    assert stopped(ledger, "retrain", env) == limit
    assert stopped(ledger, "escalate", env) == ""


@pytest.mark.parametrize("model", ["churn", EVERY_MODEL])
def test_the_kill_switch_of_the_ledger_stops_even_approved_actions_until_it_is_taken_back(
    ledger: Ledger, model: str
) -> None:
    ledger.set_override(model, "kill_switch", "all", {}, author="ada", reason="something is very wrong")
    with pytest.raises(PolicyError, match="ada threw the kill switch: something is very wrong"):
        require_enabled(ledger, "churn", "deploy", now=NOW, env={})
    ledger.revoke_override(model, "kill_switch", "all", author="ada")
    require_enabled(ledger, "churn", "deploy", now=NOW, env={})


def test_an_objection_says_what_it_is_about_and_until_when(ledger: Ledger) -> None:
    did(ledger, minutes_ago=30)
    stopped = objection(
        ledger,
        Policy(permissions=()),
        model="churn",
        environment="production",
        action="retrain",
        incident_id="now",
        now=NOW,
        env={},
    )
    assert stopped is not None
    assert stopped.against("retrain") == {
        "action": "retrain",
        "limit": "cooldown",
        "reason": "The last retrain was too recent; wait until 2026-06-01 12:30 UTC.",
    }
