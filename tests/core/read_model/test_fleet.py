"""The fleet: which state a model has, and what is shown of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.assess import summarise, weigh
from airmedic_core.ledger import Ledger
from airmedic_core.read_model import FleetModel, SpecShelf, fleet_json, read_fleet
from airmedic_core.records import Batch, Incident, IncidentState, Permission, Promotion, Proposal
from airmedic_core.windows import Window
from tests.core.read_model.conftest import day, opened_at

Observe = Callable[..., Batch]
NOW = day(12) + timedelta(hours=3)


@pytest.fixture
def fleet(ledger: Ledger, shelf: SpecShelf) -> Callable[..., dict[str, FleetModel]]:
    def fleet(now: datetime = NOW) -> dict[str, FleetModel]:
        specs = shelf.all()
        return {model.known.name: model for model in read_fleet(ledger, specs, now=now, shown=specs)}

    return fleet


def incident(batch: Batch, **more: Any) -> Incident:
    return replace(opened_at(NOW - timedelta(hours=1), batch), **more)


def test_a_model_that_nobody_looked_at_is_unchecked(fleet: Callable[..., dict[str, FleetModel]]) -> None:
    row = fleet()["alpha"].row
    assert (row["state"], row["owner"], row["last_check"], row["metric"]) == ("unchecked", "growth", None, None)
    assert (row["metric_trend"], row["incident"], row["approval"], row["champion"]) == ([], None, None, None)


def test_a_row_tells_the_last_check_the_metric_and_both_trends(
    fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    for number, auc in enumerate([0.8, 0.81, None]):
        observe("alpha", number, auc=auc, moved=0.06 * number)
    ledger.record_promotion(Promotion("alpha", None, "1", "adopt", day(0), "anna"))
    ledger.record_promotion(Promotion("alpha", "1", "2", "deploy", day(1), "boris"))
    row = fleet()["alpha"].row
    assert row["state"] == "healthy"
    assert (row["cause"], row["cause_words"]) == ("healthy", "healthy")
    assert row["headline"].startswith("No alarm: ")
    assert row["headline"].endswith("It is about (private column).")
    # The last window has no labels yet: the metric is that of the window before it.
    assert row["metric"] == {"name": "roc_auc", "value": 0.81, "limit": 0.78, "better": "higher"}
    assert row["metric_trend"] == [0.8, 0.81, None]
    # 0.06 and 0.12 of a limit of 0.3; salary is at 0.02 / 0.3.
    assert row["drift_trend"] == [0.066667, 0.2, 0.4]
    assert row["champion"] == {"version": "2", "since": "2026-01-02T00:00:00Z", "by": "boris"}
    last = row["last_check"]
    assert (last["window_start"], last["window_end"]) == ("2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z")
    assert (last["as_of"], last["rows"], last["outcome"]) == ("2026-01-05T00:00:00Z", 100, "healthy")


def test_a_trend_holds_the_last_thirty_windows(fleet: Callable[..., dict[str, FleetModel]], observe: Observe) -> None:
    for number in range(33):
        observe("alpha", number, auc=0.5 + number / 100)
    row = fleet(day(34))["alpha"].row
    assert len(row["metric_trend"]) == len(row["drift_trend"]) == 30
    assert (row["metric_trend"][0], row["metric_trend"][-1]) == (0.53, 0.82)


def test_the_last_windows_are_each_model_s_own(fleet: Callable[..., dict[str, FleetModel]], observe: Observe) -> None:
    observe("alpha", 0, auc=0.8)
    for number in range(100, 131):
        observe("beta", number, auc=None if number > 100 else 0.7)
    models = fleet(day(131))
    assert models["alpha"].row["metric"]["value"] == 0.8
    # The only window of beta with a metric lies 31 windows back.
    assert (models["beta"].row["metric"], len(models["beta"].row["metric_trend"])) == (None, 30)


def test_a_batch_that_is_still_being_checked_does_not_stand_for_the_last_check(
    fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    seen = observe("alpha", 0)
    ledger.record_batch(replace(seen, window=type(seen.window)(day(1), day(2))), model_version="1")
    assert fleet()["alpha"].row["last_check"]["window_start"] == "2026-01-01T00:00:00Z"


def test_an_open_incident_is_the_state_until_it_ends(
    fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    opened = ledger.open_incident(incident(observe("alpha", 0)))
    model = fleet()["alpha"]
    assert (model.state, model.open_incidents) == ("incident", 1)
    assert model.row["incident"] == {
        "id": opened.id,
        "state": "open",
        "severity": "high",
        "cause_words": "concept drift",
        "headline": "It is worse, like (private column).",
        "opened_at": "2026-01-13T02:00:00Z",
    }
    ledger.move_incident(opened.id, IncidentState.ESCALATED, closed_at=NOW)
    assert (fleet()["alpha"].state, fleet()["alpha"].row["incident"]) == ("healthy", None)


def test_a_request_is_shown_and_makes_no_model_sick(
    fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    ledger.open_incident(incident(observe("alpha", 0), fingerprint="requested"))
    assert fleet()["alpha"].state == "healthy"
    assert fleet()["alpha"].row["incident"]["headline"] == "It is worse, like (private column)."


def test_only_a_proposal_that_waits_is_an_approval(
    fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    opened = ledger.open_incident(incident(observe("alpha", 0)))
    proposal = Proposal(
        opened.id, "alpha", "rollback", {}, "It gets better.", Permission.ASK_TWO, "Because.",
        NOW - timedelta(minutes=5), NOW + timedelta(hours=1),
    )  # fmt: skip
    ledger.record_proposal(proposal)
    assert fleet()["alpha"].row["approval"] is None  # nobody has been asked
    ledger.move_incident(opened.id, IncidentState.AWAITING_APPROVAL)
    assert fleet()["alpha"].row["approval"] == {
        "proposal_hash": proposal.hash,
        "action": "rollback",
        "action_words": "roll back",
        "asked_at": "2026-01-13T02:55:00Z",
        "expires_at": "2026-01-13T04:00:00Z",
    }
    ledger.answer_proposal(proposal.hash, "approve", by="anna", at=NOW, channel="airflow")
    assert fleet()["alpha"].row["approval"] is not None  # a second person is needed
    assert fleet(NOW + timedelta(hours=2))["alpha"].row["approval"] is None  # it has expired
    ledger.answer_proposal(proposal.hash, "approve", by="boris", at=NOW, channel="airflow")
    assert fleet()["alpha"].row["approval"] is None


def test_a_later_proposal_of_the_same_action_replaces_the_one_before(
    fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    opened = ledger.open_incident(incident(observe("alpha", 0)))
    ledger.move_incident(opened.id, IncidentState.AWAITING_APPROVAL)
    hashes = []
    for minutes in (5, 4):
        proposal = Proposal(
            opened.id, "alpha", "rollback", {"minutes": minutes}, "It gets better.", Permission.ASK, "Because.",
            NOW - timedelta(minutes=minutes), NOW + timedelta(hours=1),
        )  # fmt: skip
        hashes.append(ledger.record_proposal(proposal).hash)
    assert [waiting.proposal.hash for waiting in ledger.waiting_proposals(now=NOW)] == hashes[1:]


def test_a_broken_spec_is_a_row_and_takes_no_other_model_down(
    content: Path, fleet: Callable[..., dict[str, FleetModel]], observe: Observe
) -> None:
    observe("alpha", 0)
    (content / "models" / "beta.yaml").write_text("name: beta\ntask: binery\n")
    (content / "models" / "gamma.yaml").write_bytes(b"\xff\xfe: [")
    (content / "models" / "delta.yaml").write_text(
        "name: other\ntask: binary\ntarget: y\ndata: {path: x, time_column: t}"
    )
    models = fleet()
    assert {name: model.state for name, model in models.items()} == {
        "alpha": "healthy", "beta": "broken_spec", "delta": "broken_spec", "gamma": "broken_spec",
    }  # fmt: skip
    assert "binery" in models["beta"].row["problem"]
    assert "describes 'other'" in models["delta"].row["problem"]


def test_of_a_broken_spec_no_headline_is_shown(
    content: Path, fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    ledger.open_incident(incident(observe("alpha", 0)))
    (content / "models" / "alpha.yaml").write_text("name: alpha\n")
    row = fleet()["alpha"].row
    assert (row["headline"], row["incident"]["headline"]) == ("", "")
    assert "salary" not in str(row)


def test_the_move_is_that_of_the_newest_window(
    fleet: Callable[..., dict[str, FleetModel]], observe: Observe, ledger: Ledger
) -> None:
    assert fleet()["alpha"].largest_move is None
    observe("alpha", 0, moved=0.6)
    assert fleet()["alpha"].largest_move == 2.0  # 0.6 of a limit of 0.3
    batch = Batch("alpha", Window(day(1), day(2)), day(3), 100)
    ledger.record_assessment(batch, weigh(batch, []), summarise([], "roc_auc"))
    assert fleet()["alpha"].row["drift_trend"] == [2.0, None]
    assert fleet()["alpha"].largest_move is None


@pytest.mark.parametrize("kind", ["link to nowhere", "link to itself", "name that is no text", "pipe", "folder"])
def test_what_is_no_model_takes_no_other_model_down(content: Path, shelf: SpecShelf, kind: str) -> None:
    path = content / "models" / "aaa.yaml"
    if kind == "link to nowhere":
        path.symlink_to("nowhere.yaml")
    elif kind == "link to itself":
        path.symlink_to("aaa.yaml")
    elif kind == "name that is no text":
        Path(os.fsdecode(os.fsencode(content / "models") + b"/\xff.yaml")).write_text("name: x\n")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    models = read_fleet(None, shelf.all(), now=NOW, shown=shelf.all())
    assert [row["name"] for row in fleet_json(models, now=NOW)["models"]] == ["alpha", "beta"]


def test_what_is_wrong_with_a_spec_is_shown_without_the_values_of_variables(
    content: Path, shelf: SpecShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", "hunter2")
    spec = content / "models" / "beta.yaml"
    spec.write_text(spec.read_text() + "checks: ${HOOK}\n")
    assert "Found '${HOOK}'." in shelf.all()["beta"].problem


def test_only_what_is_wanted_is_shown(ledger: Ledger, shelf: SpecShelf) -> None:
    models = read_fleet(ledger, shelf.all(), now=NOW, shown={"beta", "unknown"})
    assert [row["name"] for row in fleet_json(models, now=NOW)["models"]] == ["beta"]


def test_without_a_ledger_nothing_was_checked(shelf: SpecShelf) -> None:
    models = read_fleet(None, shelf.all(), now=NOW, shown={"alpha", "beta"})
    assert [model.state for model in models] == ["unchecked", "unchecked"]


def test_a_spec_is_read_again_when_its_file_changes(content: Path, shelf: SpecShelf) -> None:
    before = shelf.all()
    assert shelf.all()["alpha"].spec is before["alpha"].spec
    path = content / "models" / "alpha.yaml"
    path.write_text(path.read_text().replace("growth", "marketing"))
    (content / "models" / "beta.yaml").unlink()
    after = shelf.all()
    assert list(after) == ["alpha"]
    assert after["alpha"].spec is not None
    assert after["alpha"].spec.owner == "marketing"
