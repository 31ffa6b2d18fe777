from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airmedic_core.decide.limits import kill_switch, objection
from airmedic_core.decide.policy import Policy
from airmedic_core.ledger import Ledger
from airmedic_core.settings import Settings

Airmedic = Callable[..., tuple[int, str, str]]


def stopped(model: str) -> bool:
    ledger = Ledger.open(Settings.from_env().ledger_url)
    return kill_switch(ledger, model, "deploy", now=datetime.now(UTC), env={}) is not None


def test_stop_stops_everything_until_resume(home: Path, airmedic: Airmedic) -> None:
    assert airmedic("stop", "--reason", "audit", "--by", "ada")[0] == 0
    assert stopped("churn")
    assert airmedic("resume", "--by", "ada")[0] == 0
    assert not stopped("churn")


def test_one_model_can_be_stopped_alone(home: Path, airmedic: Airmedic) -> None:
    airmedic("stop", "--model", "churn", "--reason", "audit", "--hours", "2")
    assert stopped("churn")
    assert not stopped("fraud")


def test_a_reason_is_needed(home: Path, airmedic: Airmedic) -> None:
    with pytest.raises(SystemExit):
        airmedic("stop")


def test_a_freeze_holds_until_thaw(home: Path, airmedic: Airmedic) -> None:
    ledger = Ledger.open(Settings.from_env().ledger_url)
    policy = Policy(permissions=())

    def stops(action: str) -> str:
        found = objection(
            ledger,
            policy,
            model="churn",
            environment="x",
            action=action,
            incident_id="i",
            now=datetime.now(UTC),
            env={},
        )
        return found.limit if found else ""

    assert airmedic("freeze", "--reason", "year end", "--by", "ada", "--hours", "48")[0] == 0
    assert (stops("retrain"), stops("rollback")) == ("freeze", ""), "the policy exempts rollbacks"
    assert airmedic("thaw", "--by", "ada")[0] == 0
    assert stops("retrain") == ""


def test_what_was_never_frozen_cannot_be_thawed(home: Path, airmedic: Airmedic) -> None:
    code, _, problem = airmedic("thaw", "--model", "churn")
    assert code == 2
    assert "There is no freeze override" in problem
