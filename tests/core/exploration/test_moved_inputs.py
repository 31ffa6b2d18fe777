"""Inputs that have moved without a loss that shows: a training is tried before anybody is asked to call them normal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Request, decide
from airmedic_core.diagnose import diagnose
from airmedic_core.exploration import assess_and_try
from airmedic_core.incident_lifecycle import open_incident
from airmedic_core.monitor import check_batch
from airmedic_core.records import Assessment, Batch, Cause, Finding, Role, Verdict
from airmedic_core.training import trial as shadow
from airmedic_core.training.learned_rows import LEARNS_FROM
from airmedic_core.workspace import Workspace
from tests.core.exploration.shadow_trials import LAST, by_chance, policy, related_otherwise
from tests.core.monitor.conftest import batch_of, change_days, opened
from tests.core.renewals import day, incident_of, observe

MOVED = 38
"""The first day whose inputs have moved, as monitoring has seen it."""


@pytest.fixture
def ws(ws: Workspace) -> Workspace:
    """A champion of thirty days, quiet days, and four days whose inputs have moved."""
    for number in range(MOVED, LAST):
        observe(ws, number, outcome="watch", cause=Cause.HARMLESS_COVARIATE_SHIFT)
    return ws


def watched(
    ws: Workspace, number: int = LAST, *, later: int = 3, broken: bool = False
) -> tuple[Batch, Assessment, Finding | None]:
    """Look at a day whose inputs have moved, and which has too few labels to show a loss, some days later."""
    batch = batch_of(ws, number, day(number + later))
    check_batch(ws, batch, "data")
    moved = Finding(
        "drift", "usage", "shift", Verdict.ALERT, value=0.7, baseline=0.5, effect=0.5,
        message="usage is higher by 0.5 standard deviations.", suggests=(Cause.HARMLESS_COVARIATE_SHIFT,),
        role=Role.INPUT_MOVED, details={"one_value": broken},
    )  # fmt: skip
    ws.ledger.record_findings(batch, "drift", [moved], model_version="1")
    sound = Finding(
        "performance", "batch", "roc_auc", Verdict.OK, value=0.8, baseline=0.82, effect=-0.02, p_value=0.3,
        message="AUC is 0.8.", role=Role.LOSS,
    )  # fmt: skip
    ws.ledger.record_findings(batch, "performance", [sound], model_version="1")
    assessment = assess_and_try(ws, batch, now=datetime.now(UTC))
    return batch, assessment, next(iter(ws.ledger.findings(batch.id, "trial")), None)


def test_a_move_that_a_training_heals_is_harmful_and_the_training_is_proposed(ws: Workspace) -> None:
    change_days(ws, MOVED, 59, related_otherwise)
    batch, assessment, trial = watched(ws)
    assert trial is not None
    assert trial.verdict is Verdict.ALERT
    # It is compared on a part of the days that have moved, and has learned from the others.
    assert trial.details["plan"]["since"] == day(MOVED).isoformat()
    assert trial.details["plan"][LEARNS_FROM]["since_change"] > 0
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.HARMFUL_COVARIATE_SHIFT)
    # No loss was shown, and none is claimed.
    assert assessment.headline == f"The inputs have moved, and training would help: {trial.message}"
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    diagnose(ws, incident.id)
    proposal = decide(ws, incident.id, Request(), now=datetime.now(UTC)).proposal
    assert proposal is not None
    assert proposal.action == "retrain"
    assert trial.message in proposal.expected


def test_a_gain_counts_where_all_of_its_interval_is_worth_a_change(ws: Workspace, home: Path) -> None:
    change_days(ws, MOVED, 59, related_otherwise)
    later = home.parent / "later"
    shutil.copytree(home, later, symlinks=True)
    _, _, trial = watched(ws)
    assert trial is not None
    assert trial.effect is not None
    # The gain itself is more than this margin, and the lower bound of its interval is not.
    margin = (trial.details["low"] + trial.effect) / 2
    _, assessment, trial = watched(opened(later, environment="simulation", gate={"margin": -margin}))
    assert trial is not None
    assert trial.effect is not None
    assert trial.details["low"] < margin < trial.effect
    assert (trial.verdict, assessment.outcome) == (Verdict.UNKNOWN, "watch")


def test_a_move_whose_cost_is_open_is_watched_and_after_three_windows_called_harmless(ws: Workspace) -> None:
    outcomes = []
    for number in range(LAST, LAST + 8):
        _, assessment, trial = watched(ws, number)
        assert trial is not None
        assert trial.verdict is not Verdict.ALERT
        outcomes.append((assessment.outcome, assessment.cause, bool(trial.details.get("waits"))))
    harmless = Cause.HARMLESS_COVARIATE_SHIFT
    assert outcomes == [("watch", harmless, True)] * 3 + [("incident", harmless, False)] * 5


def test_a_move_that_begins_after_a_healthy_window_is_waited_for_anew(ws: Workspace) -> None:
    observe(ws, LAST, outcome="incident", cause=Cause.HARMLESS_COVARIATE_SHIFT)
    assert watched(ws, LAST + 1)[1].outcome == "incident"
    observe(ws, LAST + 2, outcome="healthy", cause=Cause.HEALTHY)
    assert watched(ws, LAST + 3)[1].outcome == "watch"


def test_what_is_tried_in_each_nth_window_only_is_waited_for_in_those_between(ws: Workspace) -> None:
    policy(ws, explore={"environments": ["simulation"], "every_losing_windows": 3})
    outcomes, counts = [], []
    for number in range(LAST, LAST + 5):
        _, assessment, _ = watched(ws, number)
        outcomes.append(assessment.outcome)
        counts.append(len(ws.ledger.trainings(since=day(0))))
    assert outcomes == ["watch"] * 3 + ["incident"] * 2
    # The second and the third window go by what was tried in the first.
    assert 0 < counts[0] == counts[1] == counts[2] < counts[3] == counts[4]


@pytest.mark.parametrize("error", [MemoryError("no room"), None], ids=["raises", "over budget"])
def test_a_window_whose_new_trial_cannot_be_made_waits_as_before(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    assert watched(ws)[1].outcome == "watch"
    with monkeypatch.context() as patched:
        if error is None:
            policy(ws, limits={"trial_minutes_per_day": 0})
        else:
            patched.setattr(shadow, "train", _raising(error))
        _, assessment, trial = watched(ws, later=5)
    assert trial is not None
    assert (assessment.outcome, trial.details["waits"], trial.details["as_of"]) == (
        "watch",
        True,
        day(LAST + 3).isoformat(),
    )
    policy(ws, limits={"trial_minutes_per_day": 30})
    # The window counts as one of the three.
    assert [watched(ws, LAST + number)[1].outcome for number in (1, 2, 3)] == ["watch", "watch", "incident"]


def _raising(error: Exception) -> Callable[..., None]:
    def fails(*_: object, **__: object) -> None:
        raise error

    return fails


def test_a_column_that_may_be_broken_is_not_learned_from(ws: Workspace) -> None:
    change_days(ws, MOVED, 59, related_otherwise)
    batch, assessment, trial = watched(ws, broken=True)
    assert trial is None
    assert ws.ledger.trainings(since=day(0)) == []
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.HARMLESS_COVARIATE_SHIFT)
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    (cause, *_) = diagnose(ws, incident.id).causes
    assert cause.cause is Cause.HARMLESS_COVARIATE_SHIFT
    proposal = decide(ws, incident.id, Request(), now=datetime.now(UTC)).proposal
    assert proposal is None or proposal.action == "escalate"


def test_where_nothing_may_be_tried_a_move_is_harmless_at_once(ws: Workspace) -> None:
    folder = ws.settings.policies
    folder.unlink()
    folder.mkdir()
    (folder / "default.yaml").write_text("permissions: []\nexplore: {environments: []}")
    _, assessment, trial = watched(ws)
    assert trial is None
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.HARMLESS_COVARIATE_SHIFT)


def test_only_a_training_that_learns_from_the_move_is_tried(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    change_days(ws, MOVED, 59, by_chance)
    tried, trained = [], shadow.try_training

    def looked(ws: Workspace, plan: dict[str, object], *, look: int) -> shadow.Trial:
        tried.append((plan.get("since"), look))
        return trained(ws, plan, look=look)

    monkeypatch.setattr(shadow, "try_training", looked)
    watched(ws)
    # The newest fifth of thirty days is more than half of the ten that have moved: the whole window would withhold it.
    assert tried == [(day(MOVED).isoformat(), 1)]


def test_nothing_is_tried_and_nobody_asked_while_few_rows_have_moved(ws: Workspace) -> None:
    observe(ws, LAST - 4, outcome="healthy", cause=Cause.HEALTHY)
    _, assessment, trial = watched(ws)
    assert trial is not None
    # Four days of sixty rows, where five times the hundred rows that the gate needs are wanted.
    assert trial.message.endswith("before 500 labelled rows have moved inputs: 240 have.")
    assert (trial.verdict, trial.details["looks"], assessment.outcome) == (Verdict.UNKNOWN, 0, "watch")
    assert ws.ledger.trainings(since=day(0)) == []


def test_a_training_for_moved_inputs_knows_since_when_they_have_moved(ws: Workspace) -> None:
    incident = incident_of(ws, LAST, Cause.HARMFUL_COVARIATE_SHIFT)
    retrain = ACTIONS.member("retrain")
    params, _ = retrain.plan(ws, incident, None)
    assert params["since"] == day(MOVED).isoformat()
    # A changed relation begins with the loss, and nothing was lost before.
    lost, _ = retrain.plan(ws, incident_of(ws, LAST + 1, Cause.CONCEPT_DRIFT), None)
    assert lost["since"] == day(LAST).isoformat()
