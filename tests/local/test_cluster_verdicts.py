"""What the cluster is judged by: a sound record passes, and each kind of loss or doubling is named."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from airmedic_core.settings import Settings
from airmedic_core.simulate import CHAPTERS
from airmedic_core.workspace import Workspace
from airmedic_local.cluster import verdicts
from airmedic_local.cluster.people import Person
from tests.local.test_scorecard import first_of, heal, tell, whole_story


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """A story in which everything happened, approved by anna."""
    ws = Workspace.open("subscription_churn", Settings.from_env({"AIRMEDIC_HOME": str(tmp_path)}))
    days = whole_story()
    tell(ws, days)
    for chapter in CHAPTERS:
        heal(ws, first_of(days, chapter.name), chapter.causes[0], chapter.actions, asked=True)
    return ws


def change(ws: Workspace, statement: str) -> None:
    with closing(sqlite3.connect(ws.settings.home / "ledger.db")) as ledger, ledger:
        assert ledger.execute(statement).rowcount == 1


def test_a_sound_record_passes(ws: Workspace) -> None:
    assert verdicts._story(ws).problems == ()
    actions = verdicts._actions(ws)
    assert (actions.problems, actions.told) == (
        (),
        "1 deploy, 1 quarantine, 1 refresh_reference, 1 retrain, 1 rollback",
    )
    approvals = verdicts._approvals(ws, Person("anna", "", "3"))
    assert (approvals.problems, approvals.told) == ((), "5 answers")


def test_an_action_that_was_done_twice_or_never_ended_is_named(ws: Workspace) -> None:
    with closing(sqlite3.connect(ws.settings.home / "ledger.db")) as ledger, ledger:
        ledger.execute("CREATE TEMPORARY TABLE copied AS SELECT * FROM actions WHERE action = 'deploy'")
        ledger.execute("UPDATE copied SET attempt = attempt + 1")
        ledger.execute("INSERT INTO actions SELECT * FROM copied")
        ledger.execute("UPDATE actions SET status = 'running' WHERE action = 'rollback'")
    assert verdicts._actions(ws).problems == ("deploy was done 2 times", "rollback is still running")


def test_a_training_without_its_version_is_named(ws: Workspace) -> None:
    # One training, the adopted version and the experiment of the story; nothing is registered here.
    assert verdicts._trainings(ws).problems == ("0 versions are registered, not 3",)


def test_an_approval_by_somebody_else_is_named(ws: Workspace) -> None:
    assert "deploy was approved by anna" in verdicts._approvals(ws, Person("boris", "", "4")).problems


def test_days_that_nobody_looked_at_are_named(ws: Workspace) -> None:
    problems = verdicts._days(ws).problems
    assert len(problems) == len(whole_story())
    assert all(problem.endswith("was not assessed") for problem in problems)


def test_a_chain_that_was_broken_is_named_by_the_command_line(ws: Workspace) -> None:
    env = {**os.environ, "AIRMEDIC_HOME": str(ws.settings.home)}
    sound = verdicts._command("the chain", ("audit", "verify"), env)
    assert sound.problems == ()
    change(ws, "UPDATE actions SET summary = 'other' WHERE action = 'deploy'")
    assert "was changed" in verdicts._command("the chain", ("audit", "verify"), env).problems[0]


def test_days_after_the_end_of_the_story_need_not_be_looked_at() -> None:
    days = whole_story()
    assert verdicts.told_days(days) == days
    assert verdicts.told_days([*days, replace(days[-1], date="2026-02-16")]) == days
    assert verdicts.told_days(days[:4]) == days[:4]
