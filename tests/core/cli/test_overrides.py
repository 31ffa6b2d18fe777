from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airmedic_core.ledger import Ledger

Airmedic = Callable[..., tuple[int, str, str]]
KEY = "checks.drift.least_effect"


def test_what_is_in_force_is_listed_with_who_and_until_when(ledger: Ledger, airmedic: Airmedic) -> None:
    until = datetime.now(UTC) + timedelta(days=3)
    ledger.set_override("churn", "setting", KEY, {"value": 0.15}, author="ada", reason="noise", expires_at=until)
    code, out, _ = airmedic("overrides", "--model", "churn")
    assert code == 0
    for told in (KEY, "0.15", "ada", "noise", f"until {until:%Y-%m-%d}"):
        assert told in out
    (override,) = json.loads(airmedic("overrides", "--model", "churn", "--json", "-")[1])
    assert (override["key"], override["value"]) == (KEY, {"value": 0.15})


def test_an_override_is_taken_back(ledger: Ledger, airmedic: Airmedic) -> None:
    ledger.set_override("churn", "setting", KEY, {"value": 0.15}, author="ada", reason="noise")
    assert airmedic("overrides", "--model", "churn", "--revoke", KEY, "--by", "bob")[0] == 0
    assert ledger.overrides("churn") == []
    assert "Nothing is overridden" in airmedic("overrides", "--model", "churn")[1]


def test_one_that_makes_the_spec_invalid_says_how_to_take_it_back(
    ledger: Ledger, spec: Path, airmedic: Airmedic
) -> None:
    ledger.set_override("customers", "setting", "gate.marginn", {"value": 1}, author="ada", reason="slip")
    code, _, error = airmedic("explain", "--model", str(spec))
    assert code == 2
    assert "airmedic overrides --model customers" in error
    assert airmedic("overrides", "--model", "customers", "--revoke", "gate.marginn")[0] == 0
    assert airmedic("explain", "--model", str(spec))[0] == 0


def test_unknown_keys_and_kinds_name_the_closest(ledger: Ledger, airmedic: Airmedic) -> None:
    ledger.set_override("churn", "setting", KEY, {"value": 0.15}, author="ada", reason="noise")
    code, _, error = airmedic("overrides", "--model", "churn", "--revoke", KEY.replace("least", "leest"))
    assert (code, KEY in error) == (2, True)
    code, _, error = airmedic("overrides", "--model", "churn", "--revoke", KEY, "--kind", "settings")
    assert (code, "setting" in error) == (2, True)


def test_without_a_model_all_are_listed_each_with_the_command_that_takes_it_back(
    ledger: Ledger, airmedic: Airmedic
) -> None:
    ledger.set_override("churn", "setting", KEY, {"value": {"low": 0.1, "on": True}}, author="ada", reason="noise")
    ledger.set_override("fraud", "quarantine", "20260201", {}, author="ada", reason="zeros")
    ledger.set_override("*", "kill_switch", "all", {}, author="ada", reason="audit")
    _, out, _ = airmedic("overrides")
    assert '{"low": 0.1, "on": true}' in out
    assert f"airmedic overrides --model churn --revoke {KEY}\n" in out
    assert "airmedic resume\n" in out
    (command,) = re.findall(r"airmedic (overrides --model fraud .*)", out)
    assert airmedic(*command.split())[0] == 0
    assert ledger.overrides("fraud", "quarantine") == []


def test_taking_back_needs_the_model(ledger: Ledger, airmedic: Airmedic) -> None:
    ledger.set_override("churn", "setting", KEY, {"value": 0.15}, author="ada", reason="noise")
    code, _, error = airmedic("overrides", "--revoke", KEY)
    assert (code, "--model" in error) == (2, True)


def test_a_repair_that_is_taken_back_leaves_the_window_in_quarantine(ledger: Ledger, airmedic: Airmedic) -> None:
    mark = {"arrived": "0" * 64, "steps": [], "proposal": "1" * 64, "incident_id": "churn__20260201__1"}
    ledger.set_override("churn", "repaired", "20260201", mark, author="ada", reason="cents")
    code, out, _ = airmedic(
        "overrides", "--model", "churn", "--revoke", "20260201", "--kind", "repaired", "--by", "bob"
    )
    assert (code, "stay out" in out) == (0, True)
    (held,) = ledger.overrides("churn")
    assert (held.kind, held.key, held.author) == ("quarantine", "20260201", "bob")
    # A quarantine of an incident is lifted by a sound look; one that names none is left to people.
    assert held.value == {"incident_id": "churn__20260201__1"}
