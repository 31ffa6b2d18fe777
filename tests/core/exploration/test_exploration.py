"""Training in the shadow: when it is tried, what stops it, and what its finding changes."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from airmedic_core.exploration import assess_and_try, trials
from airmedic_core.monitor import check_batch
from airmedic_core.records import Verdict
from airmedic_core.registry.versions import CHALLENGER
from airmedic_core.traffic import Traffic
from airmedic_core.training import fit
from airmedic_core.training import trial as shadow
from airmedic_core.workspace import Workspace
from tests.core.exploration.shadow_trials import LAST, by_chance, policy, related_otherwise, trial_of, watched
from tests.core.monitor.conftest import batch_of, change_days, opened
from tests.core.renewals import NOW, day


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

    monkeypatch.setattr(trials, "explore", fails)
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


def test_each_training_that_is_compared_is_a_look_and_each_look_counts_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the usual hundred rows, the part since the change is too small to be compared.
    ws = opened(home, environment="simulation", gate={"min_rows": 10})
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


def test_a_training_that_cannot_be_compared_is_no_look(ws: Workspace) -> None:
    change_days(ws, 40, 59, by_chance)
    batch, _ = watched(ws)
    trial = trial_of(ws, batch)
    assert trial is not None
    # One on the rows since the change, of which fewer than a hundred are withheld, and one on the whole window.
    assert len(ws.ledger.trainings(since=day(0))) == 2
    assert trial.details["looks"] == 1


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
    monkeypatch.setattr(trials, "perf_counter", lambda: next(clock))
    batch, _ = watched(ws)
    assert trial_of(ws, batch) is not None
    assert [training.seconds for training in ws.ledger.trainings(since=day(0))] == [3600]


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
