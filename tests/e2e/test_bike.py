"""Bike demand, rolled out blue and green: broken sensors, a year of growth, a bad challenger, a bad version by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import mean

import numpy as np
import pytest

from airmedic_core.scoring import score
from airmedic_core.simulate.by_hand import deploy_unfinished_experiment
from airmedic_core.sources import read_window
from airmedic_core.training.adopt import adopt
from airmedic_core.training.rows import usable_rows
from airmedic_core.windows import Every, Window, as_utc
from airmedic_core.workspace import Workspace
from airmedic_local.approver import Approver
from airmedic_local.installation import Installation
from airmedic_local.playback import Playback, Played

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

MODEL = "bike_demand"
HUMIDITY_FAULT = Window(as_utc("2011-03-07"), as_utc("2011-03-14"))
"""On 2011-03-10 the humidity is 0 in all 22 rows. The model is watched by week, so its week is what is held."""
STUCK_FAULT = Window(as_utc("2012-08-13"), as_utc("2012-08-20"))
"""On 2012-08-17 the felt temperature is stuck at 0 °C for 24 hours."""
WEEKS = Every.parse("week").split(Window(as_utc("2012-01-01"), as_utc("2012-10-22")))


@dataclass
class Story:
    ws: Workspace
    playback: Playback
    first: str
    faults: dict[Window, Played] = field(default_factory=dict)
    played: list[Played] = field(default_factory=list)
    healed: list[float] = field(default_factory=list)
    static: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def story(local: Installation, open_workspace: Callable[[str], Workspace], show: Callable[..., None]) -> Story:
    ws = open_workspace(MODEL)
    client = local.client("admin")
    client.wait_for_dags([f"monitor__{MODEL}", f"remediate__{MODEL}"])
    first = adopt(ws, by="the end-to-end test").to_version
    told = Story(ws, Playback(ws, client, Approver(local.client("anna"))), first)
    told.faults[HUMIDITY_FAULT] = told.playback.window(HUMIDITY_FAULT)
    for week in WEEKS:
        played = told.playback.window(week)
        if week == STUCK_FAULT:
            told.faults[week] = played
        told.played.append(played)
        told.healed.append(mae(ws, played.served_by, week))
        told.static.append(mae(ws, first, week))
        print(f"{week}: {played.outcome} {played.cause} {played.actions} {played.seconds:.0f} s", flush=True)
    show("Bike demand", told.played, {"healed MAE": told.healed, "never retrained": told.static})
    show("Bike demand: broken sensors", list(told.faults.values()), {})
    return told


def mae(ws: Workspace, version: str, window: Window) -> float:
    frame = read_window(ws.spec, window)
    scores = score(ws, ws.registry.version(MODEL, version), frame).scores
    return float(np.mean(np.abs(scores - frame["cnt"].to_numpy())))


@pytest.mark.parametrize("window", [HUMIDITY_FAULT, STUCK_FAULT], ids=str)
def test_a_week_with_a_day_of_broken_sensors_is_held_until_it_is_repaired(story: Story, window: Window) -> None:
    played = story.faults[window]
    assert (played.outcome, played.cause) == ("incident", "data_corruption"), played
    assert "quarantine" in played.actions
    assert played.champion == played.served_by
    kind = "repaired" if "repair" in played.actions else "quarantine"
    assert window.key in {override.key for override in story.ws.ledger.overrides(MODEL, kind)}


@pytest.mark.parametrize(
    ("window", "day", "column"),
    [(HUMIDITY_FAULT, "2011-03-10", "hum"), (STUCK_FAULT, "2012-08-17", "atemp")],
    ids=["humidity", "felt temperature"],
)
def test_broken_values_are_never_trained_on(story: Story, window: Window, day: str, column: str) -> None:
    raw = read_window(story.ws.spec, window)
    assert raw.loc[raw["dteday"].dt.strftime("%Y-%m-%d") == day, column].nunique() == 1
    around = Window(window.start - timedelta(days=7), window.end + timedelta(days=7))
    rows, left_out = usable_rows(story.ws, around)
    week = rows[rows["dteday"].between(window.start, window.end, inclusive="left")]
    if "repair" in story.faults[window].actions:
        assert len(week) == len(raw)
        assert week.loc[week["dteday"].dt.strftime("%Y-%m-%d") == day, column].isna().all()
    else:
        assert left_out.get("quarantined") == len(raw)
        assert week.empty


def test_the_growth_is_healed(story: Story) -> None:
    first = next(number for number, step in enumerate(story.played) if step.champion != step.served_by)
    healed, static = mean(story.healed[first + 1 :]), mean(story.static[first + 1 :])
    print(f"MAE after the first deployment: {healed:.1f}, never retrained {static:.1f}, ratio {healed / static:.2f}")
    assert healed <= 0.5 * static


def test_a_challenger_that_was_fitted_to_shuffled_labels_is_refused(story: Story) -> None:
    ws = story.ws
    champion = ws.registry.champion(MODEL)
    shuffled = {"value": "airmedic_core.simulate.by_hand:fit_to_shuffled_labels"}
    ws.ledger.set_override(MODEL, "setting", "retrain.using", shuffled, author="anna", reason="to see it refused")
    try:
        incident = story.playback.remediate({"action": "retrain", "reason": "To see the gate refuse it."})
    finally:
        ws.ledger.revoke_override(MODEL, "setting", "retrain.using", author="anna")
    actions = {action.action: action for action in ws.ledger.actions(incident_id=incident)}
    print({name: action.summary for name, action in actions.items()})
    assert "retrain" in actions
    assert ws.ledger.incident(incident).resolution["outcome"] == "refused"
    assert "deploy" not in actions
    assert ws.registry.champion(MODEL).version == champion.version


def test_a_bad_champion_that_was_set_by_hand_is_rolled_back(story: Story) -> None:
    ws = story.ws
    good = ws.registry.champion(MODEL)
    bad = deploy_unfinished_experiment(ws, Window(as_utc("2012-04-01"), as_utc("2012-10-01")))
    assert ws.registry.champion(MODEL).version == bad
    played = story.playback.window(Every.parse("week").last_complete(datetime(2012, 10, 29, tzinfo=UTC)))
    assert (played.served_by, played.cause) == (bad, "bad_deployment"), played
    assert "rollback" in played.actions
    assert ws.registry.champion(MODEL).version == good.version
