"""How a model stands for somebody who sees it in a list: who decided, whether it helped, what comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from airmedic_core.ledger import Ledger
from airmedic_core.read_model import SpecShelf, read_fleet, read_model
from airmedic_core.records import (
    Batch,
    Cause,
    Incident,
    IncidentState,
    Json,
    Permission,
    Promotion,
    Proposal,
    Severity,
)
from airmedic_core.settings import Settings
from tests.core.read_model.conftest import day

Observe = Callable[..., Batch]
NOW = day(12) + timedelta(hours=3)


@pytest.fixture
def row(ledger: Ledger, shelf: SpecShelf) -> Callable[[], Json]:
    def row() -> Json:
        return next(iter(read_fleet(ledger, shelf.all(), now=NOW, shown={"alpha"}))).row

    return row


def step(row: Json) -> Json:
    return {name: row["next"][name] for name in ("kind", "words")}


def open_incident(ledger: Ledger, batch: Batch, **more: Any) -> Incident:
    opened = Incident(
        f"{batch.id}__f1", batch.model, IncidentState.OPEN, Severity.HIGH, Cause.CONCEPT_DRIFT, "It is worse.", "f1",
        batch.window, batch.as_of, (batch.id,), NOW - timedelta(hours=1),
    )  # fmt: skip
    return ledger.open_incident(replace(opened, **more))


def propose(ledger: Ledger, incident: Incident, action: str, permission: Permission = Permission.ASK) -> str:
    proposal = Proposal(
        incident.id, "alpha", action, {}, "It gets better.", permission, "Because.", NOW - timedelta(minutes=5),
        NOW + timedelta(hours=1),
    )  # fmt: skip
    return ledger.record_proposal(proposal).hash


def close(ledger: Ledger, incident: Incident, state: IncidentState, at: datetime = NOW, **resolution: Any) -> None:
    ledger.move_incident(incident.id, state, closed_at=at, resolution=resolution)


def test_nothing_is_to_be_done_about_a_healthy_model_and_its_adopter_decided(
    row: Callable[[], Json], observe: Observe, ledger: Ledger
) -> None:
    observe("alpha", 11)
    ledger.record_promotion(Promotion("alpha", None, "1", "adopt", day(0), "anna"))
    assert step(row()) == {"kind": "nothing", "words": "Nothing to do"}
    assert row()["decided"] == {"words": "anna adopted it", "at": "2026-01-01T00:00:00Z"}
    assert row()["last_incident"] is None


def test_a_model_without_a_champion_needs_one_before_it_is_watched(row: Callable[[], Json], ledger: Ledger) -> None:
    assert step(row()) == {"kind": "set_up", "words": "No version is named champion: run airmedic adopt"}
    assert row()["decided"] is None
    ledger.record_promotion(Promotion("alpha", None, "1", "adopt", day(0), "anna"))
    assert step(row()) == {"kind": "set_up", "words": "Unpause its monitoring"}


def test_an_open_incident_says_who_has_answered_and_who_is_asked(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, shelf: SpecShelf, settings: Settings
) -> None:
    path = settings.models / "alpha.yaml"
    path.write_text(path.read_text() + "approvers: [anna, boris]\n")
    opened = open_incident(ledger, observe("alpha", 11))
    assert step(row()) == {"kind": "wait", "words": "Wait: it is being diagnosed"}
    assert row()["decided"] == {"words": "Nobody yet", "at": None}
    asked = propose(ledger, opened, "rollback", Permission.ASK_TWO)
    ledger.move_incident(opened.id, IncidentState.AWAITING_APPROVAL)
    ledger.answer_proposal(asked, "approve", by="anna", at=NOW, channel="airflow")
    assert step(row()) == {"kind": "answer", "words": "Answer the approval (waits for anna or boris)"}
    assert row()["decided"] == {"words": "anna approved roll back", "at": "2026-01-13T03:00:00Z"}
    # The model's own page says the same as the fleet.
    page = read_model(ledger, settings, shelf.all()["alpha"], now=NOW)
    assert (page["next"], page["decided"]) == (row()["next"], row()["decided"])


def test_a_question_whose_time_is_over_waits_for_nobody_on_either_page(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, shelf: SpecShelf, settings: Settings
) -> None:
    opened = open_incident(ledger, observe("alpha", 11))
    propose(ledger, opened, "rollback")
    ledger.move_incident(opened.id, IncidentState.AWAITING_APPROVAL)
    alpha, later = shelf.all()["alpha"], NOW + timedelta(hours=2)
    assert read_model(ledger, settings, alpha, now=NOW)["next"] == row()["next"]
    assert row()["next"]["kind"] == "answer"
    over = {"kind": "wait", "words": "Wait: nothing is asked any more, and its run goes on", "incident": opened.id}
    assert read_model(ledger, settings, alpha, now=later)["next"] == over
    assert next(iter(read_fleet(ledger, shelf.all(), now=later, shown={"alpha"}))).row["next"] == over


def test_a_healed_incident_says_what_its_remedy_is_worth_in_the_windows_since(
    row: Callable[[], Json], observe: Observe, ledger: Ledger
) -> None:
    opened = open_incident(ledger, observe("alpha", 7, version="0", auc=0.7))
    deployed = propose(ledger, opened, "deploy")
    ledger.record_promotion(Promotion("alpha", "0", "1", "deploy", day(8), "anna", deployed))
    resolution = {"outcome": "healed", "action": "deploy", "approved_by": ["anna"], "proposal_hash": deployed}
    close(ledger, opened, IncidentState.RESOLVED, **resolution)
    for number, auc in enumerate((0.8, None, 0.84), start=8):
        observe("alpha", number, auc=auc)
    told = row()["last_incident"]
    assert (told["cause_words"], told["outcome_words"]) == ("concept drift", "healed")
    # Version 0 answered the incident's own window, which is no part of the time since: (0.8 + 0.84) / 2 = 0.82.
    assert told["helped"] == {"before": 0.7, "since": 0.82, "windows": 2}
    assert row()["decided"] == {"words": "anna approved deploy", "at": "2026-01-13T03:00:00Z"}
    assert step(row()) == {"kind": "nothing", "words": "Nothing to do"}
    # Another version serves now: what it reaches is no merit of that remedy.
    ledger.record_promotion(Promotion("alpha", "1", "2", "manual", NOW + timedelta(hours=1), "ada"))
    assert row()["last_incident"]["helped"] is None
    # That switch is what was decided last.
    assert row()["decided"] == {"words": "Somebody switched to it by hand", "at": "2026-01-13T04:00:00Z"}


@pytest.mark.parametrize("outcome", ["healed", "undone"])
def test_a_remedy_that_was_taken_back_has_gained_nothing(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, outcome: str
) -> None:
    opened = open_incident(ledger, observe("alpha", 7, auc=0.7))
    deployed = propose(ledger, opened, "deploy")
    ledger.record_promotion(Promotion("alpha", "1", "2", "deploy", day(8), "anna", deployed))
    ledger.record_promotion(Promotion("alpha", "2", "1", "rollback", NOW + timedelta(hours=1), "airmedic", deployed))
    state = {"healed": IncidentState.RESOLVED, "undone": IncidentState.UNDONE}[outcome]
    close(ledger, opened, state, outcome=outcome, action="deploy", approved_by=["anna"], proposal_hash=deployed)
    observe("alpha", 8, auc=0.8)
    assert row()["last_incident"]["outcome_words"] in {"healed", "taken back"}
    assert row()["last_incident"]["helped"] is None
    # The switch back is the last decision, and anna has not made it.
    assert row()["decided"] == {"words": "Airmedic returned to it", "at": "2026-01-13T04:00:00Z"}


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("anna", "anna approved the return to it"),
        ("policy", "The policy allowed the return to it"),
        # A person may be called so: a switch back is told by the deployment that it undoes.
        ("airmedic", "airmedic approved the return to it"),
    ],
)
def test_a_rollback_says_who_let_it_through(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, by: str, words: str
) -> None:
    observe("alpha", 11)
    ledger.record_promotion(Promotion("alpha", "2", "1", "rollback", day(11), by, "a1"))
    assert row()["decided"] == {"words": words, "at": "2026-01-12T00:00:00Z"}


def test_an_answer_counts_for_the_incident_that_it_was_given_about(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, shelf: SpecShelf, settings: Settings
) -> None:
    batch = observe("alpha", 11)
    open_incident(ledger, batch)
    requested = open_incident(ledger, batch, id=f"{batch.id}__asked", fingerprint="requested")
    asked = propose(ledger, requested, "retrain")
    ledger.answer_proposal(asked, "approve", by="anna", at=NOW, channel="airflow")
    assert row()["decided"] == {"words": "Nobody yet", "at": None}
    assert read_model(ledger, settings, shelf.all()["alpha"], now=NOW)["decided"] == row()["decided"]


@pytest.mark.parametrize("reverse", [0, 1])
def test_a_remedys_windows_are_counted_from_the_newest_whatever_order_the_database_reads_in(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, reverse: int
) -> None:
    @event.listens_for(ledger._engine, "connect")
    def reads_in_order(connection: Any, _: Any) -> None:
        # Where a query does not say in which order it wants its rows, SQLite gives them one way or the other.
        connection.execute(f"PRAGMA reverse_unordered_selects = {reverse}")

    ledger._engine.dispose()
    before = observe("alpha", 7, auc=0.7)
    ledger.record_batch(before, model_version="0")
    opened = open_incident(ledger, before)
    deployed = propose(ledger, opened, "deploy")
    ledger.record_promotion(Promotion("alpha", "0", "1", "deploy", day(8), "anna", deployed))
    resolution = {"outcome": "healed", "action": "deploy", "approved_by": ["anna"], "proposal_hash": deployed}
    close(ledger, opened, IncidentState.RESOLVED, **resolution)
    for number in (8, 9):
        observe("alpha", number, auc=0.8)
    # Version 0 judged the first of the three windows.
    assert row()["last_incident"]["helped"] == {"before": 0.7, "since": 0.8, "windows": 2}


@pytest.mark.parametrize(
    ("state", "resolution", "decided", "after"),
    [
        (
            IncidentState.REJECTED,
            {"outcome": "rejected", "action": "retrain", "summary": "boris rejected retrain: not now"},
            "boris rejected retrain",
            {"kind": "nothing", "words": "Nothing to do"},
        ),
        (
            IncidentState.REJECTED,
            {
                "outcome": "rejected",
                "action": "retrain",
                "summary": "boris rejected retrain: not now",
                "approved_by": ["anna"],
            },
            "boris rejected retrain",
            {"kind": "nothing", "words": "Nothing to do"},
        ),
        (
            IncidentState.REJECTED,
            {"outcome": "unanswered", "action": "retrain", "approved_by": ["anna"]},
            "Nobody in time: only anna approved retrain",
            {"kind": "nothing", "words": "Nothing to do"},
        ),
        (
            IncidentState.ESCALATED,
            {"outcome": "escalated", "action": "escalate", "approved_by": ["policy"]},
            "Nobody yet: it was left to people",
            {"kind": "nothing", "words": "Nothing to do"},
        ),
        (
            IncidentState.RESOLVED,
            {"outcome": "closed_by_hand", "closed_by": "ada"},
            "ada closed it by hand",
            {"kind": "nothing", "words": "Nothing to do"},
        ),
    ],
)
def test_an_ended_incident_says_who_decided_and_asks_nothing_of_a_model_that_is_healthy_since(
    row: Callable[[], Json],
    observe: Observe,
    ledger: Ledger,
    state: IncidentState,
    resolution: Json,
    decided: str,
    after: Json,
) -> None:
    close(ledger, open_incident(ledger, observe("alpha", 7)), state, **resolution)
    observe("alpha", 11)
    assert row()["decided"]["words"] == decided
    assert step(row()) == after


@pytest.mark.parametrize(
    ("state", "outcome", "after"),
    [
        (IncidentState.ESCALATED, "escalated", {"kind": "look", "words": "Find the cause: no safe remedy was found"}),
        (IncidentState.ESCALATED, "failed", {"kind": "look", "words": "Look into it: the remediation failed"}),
        (IncidentState.REJECTED, "unanswered", {"kind": "look", "words": "Look into it: nobody answered"}),
        *(
            (
                IncidentState.RESOLVED,
                outcome,
                {"kind": "wait", "words": "Nothing: the next window shows whether it holds"},
            )
            for outcome in ("healed", "contained", "repaired", "rolled_back")
        ),
        (
            IncidentState.REJECTED,
            "rejected",
            {"kind": "wait", "words": "Wait for the next window: the remedy was rejected"},
        ),
        (
            IncidentState.REJECTED,
            "snoozed",
            {"kind": "wait", "words": "Wait for the next window: nobody is asked again yet"},
        ),
        (
            IncidentState.RESOLVED,
            "dry_run",
            {"kind": "wait", "words": "Wait for the next window: the dry run has changed nothing"},
        ),
        (IncidentState.RESOLVED, "closed_by_hand", {"kind": "nothing", "words": "Nothing to do"}),
    ],
)
def test_while_the_newest_window_is_that_of_an_ended_incident_its_end_says_what_comes_next(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, state: IncidentState, outcome: str, after: Json
) -> None:
    opened = open_incident(ledger, observe("alpha", 11, moved=0.6))
    close(ledger, opened, state, outcome=outcome)
    assert (row()["state"], step(row())) == ("incident", after)
    assert row()["next"]["incident"] == opened.id


def test_a_request_of_a_person_is_no_incident_of_the_model(
    row: Callable[[], Json], observe: Observe, ledger: Ledger, shelf: SpecShelf, settings: Settings
) -> None:
    batch = observe("alpha", 11)
    close(ledger, open_incident(ledger, batch, fingerprint="requested"), IncidentState.RESOLVED, outcome="dry_run")
    assert (row()["last_incident"], row()["decided"], row()["next"]["incident"]) == (None, None, None)
    (line,) = read_model(ledger, settings, shelf.all()["alpha"], now=NOW)["incidents"]
    assert line["requested"]
    assert step(row()) == {"kind": "nothing", "words": "Nothing to do"}
