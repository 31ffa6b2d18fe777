"""Training in the shadow: when it is tried, what its finding changes, and what becomes of the version."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd
import pytest
import yaml

from airmedic_core import exploration
from airmedic_core.actions import ACTIONS
from airmedic_core.decide import Request, decide
from airmedic_core.diagnose import collect_evidence, diagnose
from airmedic_core.execution import carry_out, gate_challenger
from airmedic_core.exploration import assess_and_try
from airmedic_core.incident_lifecycle import open_incident
from airmedic_core.monitor import check_batch
from airmedic_core.records import Assessment, Batch, Cause, Finding, Proposal, Role, Verdict
from airmedic_core.registry.versions import CHALLENGER
from airmedic_core.traffic import Traffic
from airmedic_core.training import fit
from airmedic_core.training import trial as shadow
from airmedic_core.training.adopt import adopt
from airmedic_core.training.data_window import DATA_WINDOW
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of, change_days, opened
from tests.core.renewals import NOW, approved, day, observe, renewals, workspace

LAST = 47
"""The day that is looked at, three days later: all its labels are known."""


def related_otherwise(rows: pd.DataFrame) -> pd.DataFrame:
    """Let customers leave for another reason, which a model can learn."""
    return rows.assign(churned=(rows["usage"].abs() > 0.7).astype(int))


def by_chance(rows: pd.DataFrame) -> pd.DataFrame:
    """Let labels be drawn by chance: no model can do better."""
    return rows.assign(churned=np.random.default_rng(0).permutation(rows["churned"].to_numpy()))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A champion of the first thirty of sixty days, and healthy days after them."""
    home = tmp_path_factory.mktemp("prepared")
    ws = workspace(home, renewals())
    adopt(ws, by="anna")
    for number in range(30, LAST):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    return home


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    home = tmp_path / "production"
    shutil.copytree(prepared, home, symlinks=True)
    return home


@pytest.fixture
def ws(home: Path) -> Workspace:
    return opened(home, environment="simulation")


def policy(ws: Workspace, **more: object) -> None:
    """Replace the policy by one that asks for a training."""
    folder = ws.settings.policies
    folder.unlink()
    folder.mkdir()
    rules = [{"actions": ["retrain", "deploy", "escalate"], "permission": "ask"}]
    (folder / "default.yaml").write_text(yaml.safe_dump({"permissions": rules} | more))


def watched(ws: Workspace, number: int = LAST) -> tuple[Batch, Assessment]:
    batch = batch_of(ws, number, day(number + 3))
    for group in ("data", "drift", "performance"):
        check_batch(ws, batch, group)
    return batch, assess_and_try(ws, batch, now=datetime.now(UTC))


def trial_of(ws: Workspace, batch: Batch) -> Finding | None:
    return next(iter(ws.ledger.findings(batch.id, "trial")), None)


def proposed(ws: Workspace, batch: Batch) -> Proposal | None:
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    diagnose(ws, incident.id)
    return decide(ws, incident.id, Request(), now=datetime.now(UTC)).proposal


def approve(ws: Workspace, proposal: Proposal) -> None:
    ws.ledger.answer_proposal(proposal.hash, "approve", by="ada", at=datetime.now(UTC), channel="airflow")


def test_a_loss_is_tried_and_what_helps_stands_in_the_evidence_and_in_the_proposal(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, assessment = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    assert (trial.role, trial.verdict) == (Role.TRIAL, Verdict.ALERT)
    assert trial.effect is not None
    # More than the gate's margin, which lets 0.01 pass as nothing.
    assert trial.effect > 0.01
    assert trial.details["low"] > 0
    assert (assessment.outcome, assessment.cause) == ("incident", Cause.CONCEPT_DRIFT)
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    packet = collect_evidence(ws, incident.id)
    (item,) = [item for item in packet.items if item.kind == "finding.trial"]
    assert item.statement == trial.message
    diagnosis = diagnose(ws, incident.id)
    assert item.id in diagnosis.causes[0].supporting
    proposal = decide(ws, incident.id, Request(), now=datetime.now(UTC)).proposal
    assert proposal is not None
    assert proposal.action == "retrain"
    assert trial.message in proposal.expected
    assert ws.ledger.audit_problems()[0] == []


def test_a_trial_changes_nothing_in_production_and_counts_as_compute(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    assert ws.registry.champion("renewals").version == "1"
    named = ws.registry.by_alias("renewals", CHALLENGER)
    assert named is None or named.version == "1"
    assert ws.registry.version("renewals", trial.details["tried"]).tags[fit.TRIED] == "true"
    trainings = ws.ledger.trainings(since=day(0))
    assert trainings
    assert all(training.is_trial and (training.seconds or 0) > 0 for training in trainings)
    assert ws.ledger.actions(since=day(0)) == []


def test_the_same_window_is_tried_once(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, first = watched(ws)
    count = len(ws.registry.versions("renewals"))
    again = assess_and_try(ws, batch, now=datetime.now(UTC))
    assert again == first
    assert len(ws.registry.versions("renewals")) == count


def test_an_approved_training_takes_up_what_was_tried(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial, proposal = trial_of(ws, batch), proposed(ws, batch)
    assert trial is not None
    assert proposal is not None
    count = len(ws.registry.versions("renewals"))
    approve(ws, proposal)
    result = carry_out(ws, proposal.hash, now=datetime.now(UTC))
    assert (result.status, result.output["version"]) == ("done", trial.details["tried"])
    assert len(ws.registry.versions("renewals")) == count
    named = ws.registry.by_alias("renewals", CHALLENGER)
    assert named is not None
    assert named.version == trial.details["tried"]
    assert fit.TRIED not in named.tags
    gate, deployment = gate_challenger(ws, proposal.incident_id, proposal.hash, now=datetime.now(UTC))
    assert (gate.outcome, gate.challenger) == ("passed", trial.details["tried"])
    assert gate.difference == pytest.approx(trial.effect)
    assert deployment is not None


def test_where_the_rows_have_changed_since_it_is_trained_anew(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial, proposal = trial_of(ws, batch), proposed(ws, batch)
    assert trial is not None
    assert proposal is not None
    change_days(ws, 41, 41, lambda rows: rows.assign(tenure=rows["tenure"] + 0.01))
    approve(ws, proposal)
    result = carry_out(ws, proposal.hash, now=datetime.now(UTC))
    assert result.output["version"] != trial.details["tried"]
    trained = ws.registry.version("renewals", result.output["version"])
    assert trained.tags[DATA_WINDOW] != proposal.params[DATA_WINDOW]


def test_what_was_tried_beside_another_champion_is_planned_anew(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    ws.registry.switch(
        "renewals", trial.details["tried"], kind="manual", by="eve", expected=("1",), now=datetime.now(UTC)
    )
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    params, _ = ACTIONS.member("retrain").plan(ws, incident, None)
    assert "tried" not in params


def test_where_training_is_futile_nobody_is_asked_to_approve_it(ws: Workspace) -> None:
    change_days(ws, 40, 59, by_chance)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    assert trial.verdict is Verdict.OK
    proposal = proposed(ws, batch)
    assert proposal is None or proposal.action == "escalate"


def test_outside_of_a_simulation_nothing_is_tried_unless_the_policy_says_so(home: Path) -> None:
    ws = opened(home)
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    assert trial_of(ws, batch) is None
    policy(ws, explore={"environments": ["production"]})
    _, assessment = watched(ws)
    assert trial_of(ws, batch) is not None
    assert assessment.outcome == "incident"


@pytest.mark.parametrize(
    "stopped",
    [
        {"limits": {"trial_minutes_per_day": 0}},
        {"limits": {"trial_minutes_per_day_fleet": 0}},
        {"limits": {"training_minutes_per_day": 0}},
        {"switched_off": True},
        {"permissions": [{"actions": ["escalate"], "permission": "ask"}]},
        {"freezes": [{"start": "2020-01-01", "end": "2099-01-01", "reason": "Year end"}]},
        {"explore": {"environments": []}},
    ],
    ids=str,
)
def test_budget_switch_freeze_and_policy_stop_a_trial(ws: Workspace, stopped: dict[str, object]) -> None:
    change_days(ws, 40, 59, related_otherwise)
    policy(ws, **stopped)
    batch, assessment = watched(ws)
    assert assessment.outcome != "healthy"
    assert trial_of(ws, batch) is None
    assert len(ws.registry.versions("renewals")) == 1


def test_each_nth_quiet_window_is_tried(ws: Workspace) -> None:
    policy(ws, explore={"every_quiet_windows": 2})
    assert trial_of(ws, watched(ws, LAST)[0]) is not None
    assert trial_of(ws, watched(ws, LAST + 1)[0]) is None
    assert trial_of(ws, watched(ws, LAST + 2)[0]) is not None


def test_nothing_is_trained_while_a_version_is_tried_beside_the_champion(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    trial = trial_of(ws, watched(ws)[0])
    assert trial is not None
    canary = Traffic("split", str(trial.details["tried"]), "1", "0" * 64, NOW).with_share(0.1, NOW)
    ws.registry.begin_trial("renewals", canary)
    assert trial_of(ws, watched(ws, LAST + 1)[0]) is None


def test_a_quiet_window_stays_healthy_where_nothing_is_to_be_gained(ws: Workspace) -> None:
    batch, assessment = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    assert trial.verdict is not Verdict.ALERT
    assert assessment.outcome == "healthy"


def test_rows_that_may_be_wrong_are_not_learned_from(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    change_days(ws, LAST, LAST, lambda rows: rows.assign(tenure=0.0))
    batch, assessment = watched(ws)
    assert assessment.cause.lies_in_data
    assert trial_of(ws, batch) is None


def test_a_training_that_fails_costs_the_assessment_nothing(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    change_days(ws, 40, 59, related_otherwise)

    def fails(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(exploration, "explore", fails)
    batch, assessment = watched(ws)
    assert assessment.outcome != "healthy"
    assert trial_of(ws, batch) is None


def test_a_trial_of_fewer_labels_is_forgotten_when_the_window_is_looked_at_again(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    first = trial_of(ws, batch)
    later = batch_of(ws, LAST, day(LAST + 5))
    check_batch(ws, later, "performance")
    assess_and_try(ws, later, now=datetime.now(UTC))
    second = trial_of(ws, later)
    assert first is not None
    assert second is not None
    assert first.details["as_of"] == day(LAST + 3).isoformat()
    assert second.details["as_of"] == day(LAST + 5).isoformat()


class Killed(BaseException):
    """Ends a process in the middle of what it does."""


def test_each_training_is_a_look_and_each_look_counts_once(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    change_days(ws, 40, 59, by_chance)
    looks, trained = [], shadow.try_training

    def looked(ws: Workspace, plan: dict[str, object], *, look: int) -> shadow.Trial:
        looks.append(look)
        return trained(ws, plan, look=look)

    monkeypatch.setattr(shadow, "try_training", looked)
    first, _ = watched(ws, LAST)
    assert looks == [1, 2]
    # Looked at again with more labels, and then the window after it: what was forgotten was a look as well.
    again = batch_of(ws, LAST, day(LAST + 5))
    check_batch(ws, again, "performance")
    assess_and_try(ws, again, now=datetime.now(UTC))
    watched(ws, LAST + 1)
    assert looks == list(range(1, len(looks) + 1))
    assert len(looks) == len(ws.ledger.trainings(since=day(0))) > 4
    trial = trial_of(ws, batch_of(ws, LAST + 1, day(LAST + 4)))
    assert trial is not None
    assert trial.details["looks"] == len(looks)
    assert first.id == again.id


def test_a_window_whose_trial_was_killed_is_assessed_without_it(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    change_days(ws, 40, 59, related_otherwise)
    begun: list[str] = []

    def dies(*_: object, **__: object) -> None:
        begun.append("training")
        raise Killed

    monkeypatch.setattr(shadow, "train", dies)
    with pytest.raises(Killed):
        watched(ws)
    batch, assessment = watched(ws)
    assert assessment.outcome != "healthy"
    assert trial_of(ws, batch) is None
    assert begun == ["training"]
    assert [training.seconds for training in ws.ledger.trainings(since=day(0))] == [None]


def test_a_trial_ends_when_its_minutes_are_over(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    change_days(ws, 40, 59, related_otherwise)
    policy(ws, limits={"trial_minutes_per_day": 0.001})

    def endless(*_: object, **__: object) -> None:
        until = monotonic() + 20
        while monotonic() < until:
            # A training may swallow every error that it meets.
            with suppress(Exception):
                sum(range(1000))

    monkeypatch.setattr(shadow, "train", endless)
    batch, assessment = watched(ws)
    assert assessment.outcome != "healthy"
    assert trial_of(ws, batch) is None
    (training,) = ws.ledger.trainings(since=day(0))
    assert training.seconds is not None
    # The limit is 0.06 seconds; a busy machine may take a while to notice.
    assert training.seconds < 10


def test_the_second_way_is_not_tried_once_the_minutes_are_spent(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    change_days(ws, 40, 59, by_chance)
    policy(ws, limits={"trial_minutes_per_day": 30})
    clock = iter(range(0, 10**6, 3600))
    # By this clock each training takes an hour.
    monkeypatch.setattr(exploration, "perf_counter", lambda: next(clock))
    batch, _ = watched(ws)
    assert trial_of(ws, batch) is not None
    assert [training.seconds for training in ws.ledger.trainings(since=day(0))] == [3600]


def test_where_the_version_that_was_tried_is_deleted_it_is_trained_anew(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial, proposal = trial_of(ws, batch), proposed(ws, batch)
    assert trial is not None
    assert proposal is not None
    approve(ws, proposal)
    ws.registry.client.delete_model_version("renewals", trial.details["tried"])
    result = carry_out(ws, proposal.hash, now=datetime.now(UTC))
    assert result.status == "done"
    assert result.output["version"] != trial.details["tried"]


def test_the_improved_training_does_not_take_up_what_was_refused(ws: Workspace) -> None:
    change_days(ws, 40, 59, related_otherwise)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    # What was tried and helps is the training on the whole window, as the improved one is: their rows are the same.
    tried = shadow.try_training(ws, next(reversed([*shadow.plans(trial.details["plan"])])))
    version = tried.version
    params = {**tried.plan, DATA_WINDOW: version.tags[DATA_WINDOW], "tried": version.version}
    incident = open_incident(ws, batch, now=datetime.now(UTC))
    first = approved(ws, incident, "retrain", params)
    done = carry_out(ws, first.hash, now=NOW)
    assert done.output["version"] == version.version
    again = ACTIONS.member("retrain").again(ws, first, done, NOW)
    assert again.output["version"] != version.version


def test_a_loss_that_lasts_is_tried_again_in_each_nth_window(ws: Workspace) -> None:
    policy(ws, explore={"every_losing_windows": 3})
    change_days(ws, 40, 59, by_chance)
    counts, verdicts = [], []
    for number in range(LAST, LAST + 4):
        batch, assessment = watched(ws, number)
        assert assessment.outcome != "healthy"
        trial = trial_of(ws, batch)
        assert trial is not None
        counts.append(len(ws.ledger.trainings(since=day(0))))
        verdicts.append(trial.verdict)
        assert trial.message.startswith("As tried in an earlier window") is (number in {LAST + 1, LAST + 2})
    first, second, third, fourth = counts
    assert 0 < first == second == third < fourth
    # That training is futile holds until it is tried again.
    assert verdicts[:3] == [Verdict.OK] * 3
