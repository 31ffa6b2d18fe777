"""The policy of a model as the page shows it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.ledger import EVERY_MODEL, Ledger
from airmedic_core.read_model import SpecShelf, read_policy
from airmedic_core.records import Permission, Proposal
from airmedic_core.registry import registry_of
from airmedic_core.settings import Settings
from airmedic_core.workspace import Workspace
from tests.core.read_model.conftest import PRIVATE, day
from tests.core.renewals import POLICIES

NOW = day(4)


@pytest.fixture
def workspace(content: Path, ledger: Ledger, settings: Settings, shelf: SpecShelf) -> Workspace:
    shutil.copytree(POLICIES, content / "policies")
    spec = shelf.all()["alpha"].spec
    assert spec is not None
    return Workspace(spec, settings, ledger, registry_of(spec, settings.tracking_uri, ledger))


def test_it_says_what_would_happen_and_which_rule_says_so(workspace: Workspace) -> None:
    told = read_policy(workspace, now=NOW)
    assert (told["policy"], told["environment"], told["problem"]) == ("default", "production", "")
    assert (told["stops"], told["switched_off"], told["separation_of_duties"]) == ([], False, True)
    drift = next(line for line in told["causes"] if line["cause"] == "concept_drift")
    first = drift["verified"][0]
    assert (first["action"], first["fate"], first["permission"], first["approvals"]) == ("retrain", "chosen", "ask", 1)
    assert first["reason"] == (
        "The policy for production wants an approval where the cause (concept drift) is verified."
    )
    assert "healthy" not in {line["cause"] for line in told["causes"]}
    retrain = next(line for line in told["actions"] if line["action"] == "retrain")
    assert {key: retrain["permissions"][0][key] for key in ("trigger", "cause", "permission", "approvals")} == {
        "trigger": "incident",
        "cause": "verified",
        "permission": "ask",
        "approvals": 1,
    }
    assert retrain["permissions"][0]["because"] == "rule 4 of permissions"
    assert told["rules"][3]["actions"][0] == "retrain"
    assert retrain["training_minutes"]["model"] == {"spent": 0.0, "allowed": 240.0}
    assert {"limit": "cooldown minutes", "value": 60.0} in told["limits"]


def test_what_stops_changes_is_told_once_with_all_that_it_stops(workspace: Workspace) -> None:
    workspace.ledger.set_override(EVERY_MODEL, "kill_switch", "all", {}, author="ada", reason=f"Of {PRIVATE}")
    told = read_policy(workspace, now=NOW)
    (stop,) = told["stops"]
    assert (stop["limit"], stop["reason"]) == ("kill switch", "ada threw the kill switch: Of (private column).")
    assert "retrain" in stop["actions"]
    assert "hold the window" not in stop["actions"]
    (override,) = told["overrides"]
    assert (override["author"], override["of_all_models"]) == ("ada", True)
    assert PRIVATE not in str(told)


def test_switches_of_the_surroundings_and_freezes_count(workspace: Workspace) -> None:
    path = workspace.settings.policies / "default.yaml"
    freeze = "freezes:\n  - {start: 2025-12-20, end: 2026-02-01, reason: Year end}\n"
    path.write_text(path.read_text().replace("freezes: []\n", freeze))
    told = read_policy(replace(workspace, switches=(lambda model: f"A switch stops {model}.",)), now=NOW)
    assert {stop["limit"] for stop in told["stops"]} == {"kill switch", "freeze"}
    (line,) = told["freezes"]
    assert (line["reason"], line["holds"], line["end"]) == ("Year end", True, "2026-02-01T00:00:00Z")


def test_a_rejection_that_holds_is_told_with_its_words(workspace: Workspace) -> None:
    asked = Proposal("alpha__1", "alpha", "retrain", {}, "", Permission.ASK, "", day(3), day(5))
    workspace.ledger.record_proposal(asked)
    workspace.ledger.answer_proposal(asked.hash, "reject", by="bob", at=day(3), channel="airflow", comment="Not yet.")
    (rejected,) = read_policy(workspace, now=NOW)["rejections"]
    assert rejected["action"] == "retrain"
    assert rejected["told"] == "bob rejected retrain on 2026-01-04 00:00 UTC: Not yet.."
    assert rejected["until"] == "2026-01-11T00:00:00Z"
    assert read_policy(workspace, now=day(30))["rejections"] == []


def test_without_a_policy_nothing_is_allowed_and_the_reason_is_told(workspace: Workspace) -> None:
    shutil.rmtree(workspace.settings.policies)
    told = read_policy(workspace, now=NOW)
    assert "There is no policy 'default'" in told["problem"]
    assert (told["causes"], told["actions"], told["rules"]) == ([], [], [])
