"""Proposals in plain words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide.in_words import changes, undoing, without_a_yes
from airmedic_core.records import Permission, Proposal

NOW = datetime(2026, 2, 7, 8, tzinfo=UTC)
WINDOW = {"window_start": "2026-02-07T04:00:00+00:00", "window_end": "2026-02-07T14:00:00+00:00"}
SPAN = "2026-02-07 04:00 … 2026-02-07 14:00"


def proposal(action: str, **params: Any) -> Proposal:
    return Proposal("i", "renewals", action, params, "It helps.", Permission.ASK, "a rule", NOW, NOW)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (proposal("rollback", version="1", from_version="2"), "Version 1 serves again in place of version 2."),
        (proposal("deploy", version="3", gate={"champion": "1"}), "Version 3 serves in place of version 1."),
        (
            proposal("quarantine", windows=["20260207T0000_20260208T0000"]),
            "The rows of 2026-02-07 are kept out of every training and every reference.",
        ),
        (
            proposal("refresh_reference", version="1", **WINDOW),
            f"From now on, rows are compared with those of {SPAN}. Version 1 goes on serving.",
        ),
        (
            proposal("rerun_pipeline", dag_id="ingest", **WINDOW),
            f"The DAG ingest runs again, and delivers the rows of {SPAN} anew.",
        ),
        (
            proposal("change_setting", key="checks.drift.limit", value=0.4),
            "checks.drift.limit is 0.4.",
        ),
        (
            proposal("retrain", method="clone", margin=-0.01, **WINDOW),
            f"A new version is trained on the labelled rows of {SPAN}. What serves now goes on serving.",
        ),
    ],
)
def test_each_action_says_what_changes(asked: Proposal, told: str) -> None:
    assert changes(asked)[0] == told


def test_what_an_action_cannot_say_is_said_by_its_parameters() -> None:
    # A window that is none, and an action whose package has gone.
    assert changes(proposal("retrain", window_start="soon", window_end="later", trials=15)) == [
        "window start: soon",
        "window end: later",
        "trials: 15",
    ]
    gone = proposal("gone_with_its_package", share=0.25, urgent=True, since="2026-02-07T04:00:00+00:00", rows=[1, 2])
    assert changes(gone) == ["share: 0.25", "urgent: yes", "since: 2026-02-07 04:00"]


def test_every_action_of_ours_says_how_it_is_undone() -> None:
    told = {name: undoing(proposal(name)) for name in ACTIONS.ours()}
    assert all(told.values())
    assert "rollback" in told["deploy"]
    assert "By itself" in told["rollback"]
    assert told["escalate"].startswith("Nothing has to be undone")


@pytest.mark.parametrize("strategy", ["simple", "blue_green"])
@pytest.mark.parametrize(("windows", "told"), [(0, "newest batch"), (1, "1 new window "), (3, "3 new windows ")])
def test_how_a_deployment_is_undone_agrees_with_how_it_is_watched(strategy: str, windows: int, told: str) -> None:
    plan = {"strategy": strategy, "options": {}, "watch_windows": windows, "watch_timeout_seconds": 3600}
    asked = proposal("deploy", version="3", gate={"champion": "1"}, rollout=plan)
    watched = " ".join(changes(asked))
    assert ("watched no further" in watched) == (windows == 0)
    assert told in undoing(asked)
    assert ("watched" in undoing(asked)) == (windows > 0)


def test_an_action_that_is_gone_cannot_say_how_it_is_undone() -> None:
    assert undoing(proposal("hold")) == "Nothing has to be undone: production keeps serving what it serves now."
    assert undoing(proposal("gone_with_its_package")).startswith("Its package is not installed here")


def test_what_follows_without_a_yes_names_when_it_is_asked_again() -> None:
    assert without_a_yes() == "Nothing changes. If rejected, it is asked again in 7 days or as chosen."
