"""What was learned, as the page shows it."""

from __future__ import annotations

import shutil

import pytest

from airmedic_core.ledger import EVERY_MODEL, Ledger
from airmedic_core.ledger.experience import Experience, PastCases
from airmedic_core.read_model import SpecShelf, read_learning
from airmedic_core.registry import registry_of
from airmedic_core.settings import Settings
from airmedic_core.workspace import Workspace
from tests.core.learning.cases import CAUSE, by_chance, closed
from tests.core.renewals import POLICIES


@pytest.fixture
def workspace(ledger: Ledger, settings: Settings, shelf: SpecShelf) -> Workspace:
    shutil.copytree(POLICIES, settings.policies)
    spec = shelf.all()["alpha"].spec
    assert spec is not None
    return Workspace(spec, settings, ledger, registry_of(spec, settings.tracking_uri, ledger))


def test_outcomes_are_told_by_cause_and_action_and_no_incident_is_named(workspace: Workspace) -> None:
    chances = by_chance({"recalibrate": 0.5, "retrain": 0.5}, "retrain")
    closed(workspace.ledger, 1, "recalibrate", "healed", learning=chances)
    closed(workspace.ledger, 2, "retrain", "no_better", learning=chances)
    closed(workspace.ledger, 3, "retrain", "healed", learning=chances, verified=False)
    told = read_learning(workspace)
    assert (told["model"], told["mode"], told["problem"]) == ("alpha", "shadow", "")
    cause = next(line for line in told["causes"] if line["cause"] == CAUSE.value)
    assert cause["cause_words"] == "label shift"
    actions = {line["action"]: line for line in cause["actions"]}
    assert (actions["recalibrate"]["successes"], actions["recalibrate"]["failures"]) == (1, 0)
    assert actions["recalibrate"]["low"] < actions["recalibrate"]["mean"] < actions["recalibrate"]["high"]
    assert actions["recalibrate"]["prior_source"]
    assert actions["recalibrate"]["off_policy"] is None
    # What was not verified is no outcome, and a decision all the same.
    assert told["outcomes"] == sum(line["successes"] + line["failures"] for line in actions.values())
    assert actions["retrain"]["off_policy"]["with_chance"] == told["outcomes"]
    assert "'i1'" not in str(told)


def test_causes_without_outcomes_show_what_is_expected(workspace: Workspace) -> None:
    told = read_learning(workspace)
    assert (told["outcomes"], told["decisions"]) == (0, 0)
    drift = next(line for line in told["causes"] if line["cause"] == "concept_drift")
    assert all(line["mean"] == line["prior"] for line in drift["actions"])


def test_a_policy_that_cannot_be_read_is_said(workspace: Workspace) -> None:
    shutil.rmtree(workspace.settings.policies)
    told = read_learning(workspace)
    assert "There is no policy 'default'" in told["problem"]
    assert told["causes"] == []


def test_the_source_of_a_prior_names_no_private_column(workspace: Workspace) -> None:
    workspace.ledger.set_override(
        EVERY_MODEL, "prior", "label_shift.retrain", {"mean": 0.4, "weight": 9}, author="eve", reason="salary drifts"
    )
    told = read_learning(workspace)
    cause = next(line for line in told["causes"] if line["cause"] == CAUSE.value)
    sources = {line["action"]: line["prior_source"] for line in cause["actions"]}
    assert sources["retrain"] == "eve: (private column) drifts"
    assert "salary" not in str(told)


def test_it_is_read_anew_only_where_something_was_recorded(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = 0

    def counted(ledger: Ledger, **more: int) -> Experience:
        nonlocal read
        read += 1
        return PastCases.experience(ledger, **more)

    monkeypatch.setattr(Ledger, "experience", counted)
    closed(workspace.ledger, 1, "retrain", "healed")
    first = read_learning(workspace)
    assert (read_learning(workspace), read) == (first, 1)
    closed(workspace.ledger, 2, "retrain", "healed")
    assert (read_learning(workspace)["outcomes"], read) == (2, 2)
    own = workspace.settings.policies / "priors.yaml"
    own.write_text("priors: {label_shift: {retrain: {mean: 0.3, source: Ten years of running it.}}}")
    again = next(line for line in read_learning(workspace)["causes"] if line["cause"] == CAUSE.value)
    assert {line["action"]: line["prior"] for line in again["actions"]}["retrain"] == 0.3
