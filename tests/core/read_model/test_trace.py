"""The decision trace of an incident that was decided by the real rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.decide import Request, decide
from airmedic_core.diagnose.remedies import remedies_of
from airmedic_core.read_model import read_incident
from airmedic_core.records import Cause, Diagnosis, IncidentState, Json, RankedCause
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, incident_of, renewals, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=5, per_day=5))


def decided(ws: Workspace, cause: Cause = Cause.CONCEPT_DRIFT, request: Request | None = None) -> list[Json]:
    incident = incident_of(ws, 3, cause)
    ranked = (RankedCause(cause, 0.9),)
    diagnosis = Diagnosis(incident.id, "rules", ranked, cause.traits.severity, "So.", remedies_of(cause), "0" * 64)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    ws.ledger.move_incident(incident.id, IncidentState.DIAGNOSED)
    decide(ws, incident.id, request or Request(), now=NOW)
    decisions: list[Json] = read_incident(ws, incident.id, specs={}, readable=lambda _: True)["decisions"]
    return decisions


def test_the_chosen_action_passed_every_rule(ws: Workspace) -> None:
    (decision,) = decided(ws)
    assert (decision["path"], decision["action"], decision["permission"]) == ("retrain", "retrain", "ask")
    chosen = decision["considered"][0]
    assert (chosen["action"], chosen["fate"]) == ("retrain", "chosen")
    assert all(rule["met"] for rule in chosen["rules"])
    assert chosen["rules"][0]["said"] == "Rule 4: with one approval"
    assert [rule["rule"] for rule in chosen["rules"]][:3] == ["policy", "autonomy", "kill_switch"]
    # Without any experience the prior is what is expected.
    assert chosen["rank"]["mean"] == chosen["rank"]["prior"]
    assert chosen["rank"]["low"] < chosen["rank"]["mean"] < chosen["rank"]["high"]
    assert (chosen["rank"]["successes"], chosen["rank"]["failures"]) == (0, 0)
    assert decision["learning"] == {"mode": "shadow", "would_try": "retrain"}
    conditional = {line["action"]: line["reason"] for line in decision["considered"] if line["fate"] == "conditional"}
    assert "that is for people to judge" in conditional["rollback"]


def test_what_was_passed_over_names_the_rule_that_stopped_it(ws: Workspace) -> None:
    ws.ledger.set_override("renewals", "freeze", "all", {}, author="ada", reason="Year end")
    (decision,) = decided(ws)
    assert decision["action"] == "escalate"
    first, second, *_ = decision["considered"]
    assert (first["action"], first["fate"], first["stopped_by"]) == ("retrain", "passed_over", "freeze")
    assert first["reason"] == "ada froze changes: Year end."
    assert [(rule["rule"], rule["met"]) for rule in first["rules"]] == [
        ("policy", True), ("autonomy", True), ("kill_switch", True), ("policy_switch", True), ("freeze", False),
    ]  # fmt: skip
    assert first["rules"][-1]["said"] == "ada froze changes: Year end."
    assert (second["action"], second["fate"]) == ("escalate", "chosen")


def test_it_is_read_by_the_policy_of_that_time(ws: Workspace, tmp_path: Path) -> None:
    incident_before = decided(ws)[0]
    own = tmp_path / "own" / "policies"
    own.mkdir(parents=True)
    (own / "default.yaml").write_text("permissions:\n- {actions: [retrain], permission: ask_two}\n")
    changed = replace(ws, settings=replace(ws.settings, content=tmp_path / "own"))
    (incident,) = changed.ledger.incidents("renewals")
    (again,) = read_incident(changed, incident.id, specs={}, readable=lambda _: True)["decisions"]
    assert again == incident_before
    assert again["considered"][0]["rules"][0]["said"] == "Rule 4: with one approval"


def test_a_person_s_choice_says_whose_it_was(ws: Workspace) -> None:
    request = Request("retrain", "The new tariff is usual now.", "rita")
    decision = decided(ws, request=request)[-1]
    assert decision["requested_by"] == "rita"
    assert decision["reason"].startswith("rita chose retrain: The new tariff is usual now.")
    assert decision["considered"][0]["action"] == "retrain"


def test_a_step_without_a_choice_is_told_without_rules(ws: Workspace) -> None:
    incident = incident_of(ws, 3, Cause.CONCEPT_DRIFT)
    ws.ledger.record_decision(incident.id, path="retrain", proposal_hash=None, reason="The gate's answer is passed.")
    (decision,) = read_incident(ws, incident.id, specs={}, readable=lambda _: True)["decisions"]
    assert (decision["reason"], decision["considered"]) == ("The gate's answer is passed.", [])


def test_a_diagnosis_that_came_later_changes_nothing_of_what_was_decided(ws: Workspace) -> None:
    incident = incident_of(ws, 3, Cause.SCHEMA_CHANGE)
    ranked = (RankedCause(Cause.SCHEMA_CHANGE, 0.9),)
    remedies, severity = remedies_of(Cause.SCHEMA_CHANGE), Cause.SCHEMA_CHANGE.traits.severity
    diagnosis = Diagnosis(incident.id, "rules", ranked, severity, "So.", remedies, "0" * 64, status="verified")
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    ws.ledger.move_incident(incident.id, IncidentState.DIAGNOSED)
    decide(ws, incident.id, Request(), now=NOW)
    before = read_incident(ws, incident.id, specs={}, readable=lambda _: True)["decisions"]
    assert before[0]["considered"][0]["action"] == "quarantine"
    # The second rule is for verified causes, the third for others.
    assert before[0]["considered"][0]["rules"][0]["said"] == "Rule 2: without asking"
    ws.ledger.record_diagnosis(replace(diagnosis, status="unverified", actions=()), stands=True)
    assert read_incident(ws, incident.id, specs={}, readable=lambda _: True)["decisions"] == before


def test_without_its_environment_on_record_a_decision_names_no_rule(ws: Workspace) -> None:
    decided(ws)
    (incident,) = ws.ledger.incidents("renewals")
    (recorded,) = ws.ledger.decisions(incident.id)
    details = {name: value for name, value in recorded["details"].items() if name != "environment"}
    ws.ledger.record_decision(
        incident.id,
        path=recorded["path"],
        proposal_hash=recorded["proposal_hash"],
        reason="An earlier version recorded it.",
        details=details,
    )
    first, second = read_incident(ws, incident.id, specs={}, readable=lambda _: True)["decisions"]
    said = [line["considered"][0]["rules"][0]["said"] for line in (first, second)]
    assert said == ["Rule 4: with one approval", ""]
