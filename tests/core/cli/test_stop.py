from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.decide.kill_switch import kill_switch
from airmedic_core.decide.limits import objection
from airmedic_core.ledger import Ledger
from airmedic_core.policy import Policy
from airmedic_core.records import Batch
from airmedic_core.windows import Window

Airmedic = Callable[..., tuple[int, str, str]]


def stopped(ledger: Ledger, model: str, *, in_hours: float = 0) -> bool:
    moment = datetime.now(UTC) + timedelta(hours=in_hours)
    return kill_switch(ledger, model, "deploy", now=moment, env={}) is not None


def test_stop_stops_everything_until_resume_and_names_the_ledger(ledger: Ledger, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("stop", "--reason", "audit", "--by", "ada")
    assert code == 0
    assert ledger.url in out
    assert stopped(ledger, "churn")
    code, out, _ = airmedic("resume", "--by", "ada")
    assert code == 0
    assert ledger.url in out
    assert not stopped(ledger, "churn")


def test_one_model_can_be_stopped_alone(ledger: Ledger, spec: Path, airmedic: Airmedic) -> None:
    assert airmedic("stop", "--model", "customers", "--reason", "audit", "--hours", "2")[0] == 0
    assert stopped(ledger, "customers")
    assert not stopped(ledger, "customers", in_hours=2.1)
    assert not stopped(ledger, "fraud")


def test_a_model_that_nobody_knows_is_refused(ledger: Ledger, spec: Path, airmedic: Airmedic) -> None:
    code, _, err = airmedic("stop", "--model", "custmers", "--reason", "audit")
    assert code == 2
    assert "Did you mean 'customers'?" in err
    assert airmedic("resume", "--model", "custmers")[0] == 2
    # One whose spec is gone is still known to the ledger.
    day = datetime(2026, 2, 1, tzinfo=UTC)
    window = Window(day, day + timedelta(days=1))
    ledger.record_batch(Batch("former", window, window.end, 10), model_version="1")
    assert airmedic("stop", "--model", "former", "--reason", "audit")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--reason", " "),
        ("--reason", "audit", "--hours", "0"),
        ("--reason", "audit", "--hours=-3"),
        ("--reason", "audit", "--hours", "nan"),
        ("--reason", "audit", "--hours", "long"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_stops_nothing(
    ledger: Ledger, airmedic: Airmedic, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as caught:
        airmedic("stop", *arguments)
    assert caught.value.code == 2
    assert ledger.overrides() == []


def test_a_shorter_stop_does_not_replace_a_longer_one(ledger: Ledger, airmedic: Airmedic) -> None:
    airmedic("stop", "--reason", "migration", "--hours", "2", "--by", "ada")
    airmedic("stop", "--reason", "longer", "--hours", "4", "--by", "ada")
    assert stopped(ledger, "churn", in_hours=3)
    code, out, _ = airmedic("stop", "--reason", "short", "--hours", "1")
    assert code == 0
    assert "already stopped by ada" in out
    assert stopped(ledger, "churn", in_hours=3)
    airmedic("stop", "--reason", "for good")
    assert "already stopped" in airmedic("stop", "--reason", "week", "--hours", "168")[1]
    assert stopped(ledger, "churn", in_hours=200)


def test_resume_says_when_nothing_was_stopped_and_what_still_is(
    ledger: Ledger, spec: Path, airmedic: Airmedic, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = airmedic("resume")
    assert (code, "nothing was stopped" in out) == (0, True)
    airmedic("stop", "--model", "customers", "--reason", "audit")
    code, out, _ = airmedic("resume")
    assert (code, "nothing was stopped" in out, "customers: still stopped" in out) == (0, True, True)
    airmedic("stop", "--reason", "everything")
    assert "all models: still stopped" in airmedic("resume", "--model", "customers")[1]
    monkeypatch.setenv("AIRMEDIC_KILL_SWITCH", "1")
    assert "AIRMEDIC_KILL_SWITCH" in airmedic("resume")[1]


def test_a_freeze_holds_until_thaw(ledger: Ledger, airmedic: Airmedic) -> None:
    policy = Policy(permissions=())

    def stops(action: str) -> str:
        stopped = objection(
            ledger,
            policy,
            model="churn",
            environment="x",
            action=action,
            incident_id="i",
            now=datetime.now(UTC),
            env={},
        )
        return stopped.limit if stopped else ""

    assert airmedic("freeze", "--reason", "year end", "--by", "ada", "--hours", "48")[0] == 0
    assert (stops("retrain"), stops("rollback")) == ("freeze", ""), "the policy exempts rollbacks"
    assert airmedic("thaw", "--by", "ada")[0] == 0
    assert stops("retrain") == ""


def test_thaw_says_when_nothing_was_frozen(ledger: Ledger, spec: Path, airmedic: Airmedic) -> None:
    code, out, _ = airmedic("thaw", "--model", "customers")
    assert (code, "nothing was frozen" in out) == (0, True)
    airmedic("stop", "--reason", "audit")
    assert "nothing was frozen" in airmedic("thaw")[1]
    assert stopped(ledger, "churn"), "a stop is no freeze"
