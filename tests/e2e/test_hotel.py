"""Hotel cancellations: a model decays over sixteen months, and is healed by canaries as the labels arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from airmedic_core.causes import Cause
from airmedic_core.scoring import score, score_window
from airmedic_core.sources import read_window
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Every, Window, as_utc
from airmedic_core.workspace import Workspace
from airmedic_local.airflow_client import Json
from airmedic_local.approver import Approver
from airmedic_local.errors import RequestRefusedError
from airmedic_local.installation import Installation
from airmedic_local.playback import Playback, Played
from tests.e2e import pictures

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(3600)]

MODEL = "hotel_cancellations"
MONTHS = Every.parse("month").split(Window(as_utc("2016-04-01"), as_utc("2017-09-01")))
COMMENTS = {"approve_deploy": "Half of the agents first, and all of them if the next months agree."}
"""What the approver says with her answers."""
FROM_DATA = {str(cause) for cause in Cause if cause.lies_in_data}


@dataclass
class Story:
    ws: Workspace
    first: str
    played: list[Played] = field(default_factory=list)
    healed: list[float] = field(default_factory=list)
    static: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    answered: list[pd.DataFrame] = field(default_factory=list)
    """Of each month, which version answered which agent."""
    watching: str = ""
    """The incident whose canary is still tried when the last month has come."""


@pytest.fixture(scope="module")
def story(
    local: Installation,
    open_workspace: Callable[[str], Workspace],
    show: Callable[..., None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Story:
    ws = open_workspace(MODEL)
    client = local.client("admin")
    client.wait_for_dags([f"monitor__{MODEL}", f"remediate__{MODEL}"])
    told = Story(ws, adopt(ws, by="the end-to-end test").to_version)

    seen: set[str] = set()

    def decide(detail: Json) -> str:
        if not seen:
            try:
                local.client("otto").answer(detail, "Approve")
            except RequestRefusedError as error:
                told.refused.append(error.status)
        task = detail["task_instance"]["task_id"]
        if task == "approve_deploy" and task not in seen:
            pictures.question(local, detail)
        seen.add(task)
        return "Approve"

    playback = Playback(ws, client, Approver(local.client("anna"), decide, COMMENTS))
    predictions = tmp_path_factory.mktemp("predictions")
    for month in MONTHS:
        # As they were answered when the month came: by one version or, while a canary is tried, by two.
        answers = answered(ws, month, predictions)
        told.answered.append(answers[["agent", "model_version"]])
        told.healed.append(float(roc_auc_score(answers["is_canceled"], answers["score"].astype(float))))
        played = playback.window(month)
        told.played.append(played)
        told.static.append(auc(ws, told.first, month))
        print(f"{month}: {played.outcome} {played.cause} {played.actions} {played.seconds:.0f} s", flush=True)
    told.watching = playback.watching
    show("Hotel cancellations", told.played, {"healed AUC": told.healed, "never retrained": told.static})
    return told


def answered(ws: Workspace, month: Window, folder: Path) -> pd.DataFrame:
    place = folder / f"{month.key}.parquet"
    score_window(ws, month, place)
    return pd.read_parquet(place)


def auc(ws: Workspace, version: str, month: Window) -> float:
    """Return the AUC of a version on a month, by scikit-learn on all labels, which nobody knew at the time."""
    frame = read_window(ws.spec, month)
    scores = score(ws, ws.registry.version(MODEL, version), frame).scores
    return float(roc_auc_score(frame["is_canceled"], scores))


def completed(story: Story) -> list[Played]:
    """Return the months in which a canary became the champion."""
    return [step for step in story.played if step.champion != step.served_by]


def begun(story: Story) -> list[Played]:
    """Return the months in which a version began to be tried."""
    return [step for step in story.played if "deploy" in step.actions]


def test_every_month_was_assessed(story: Story) -> None:
    assert all(step.outcome in {"healthy", "watch", "incident"} for step in story.played)


def test_the_decay_is_found_and_healed(story: Story) -> None:
    assert completed(story), "no month led to another champion"
    assert all({"retrain", "deploy"} <= set(step.actions) for step in begun(story))


def test_an_agent_meets_one_version_while_a_canary_is_tried(story: Story) -> None:
    shared = [answers for answers in story.answered if answers["model_version"].nunique() == 2]
    assert len(shared) >= len(completed(story))
    for answers in shared:
        known = answers[answers["agent"].notna()]
        assert (known.groupby("agent")["model_version"].nunique() == 1).all()
        # Without an agent, it is the champion who answers.
        assert answers.loc[answers["agent"].isna(), "model_version"].nunique() == 1


def test_every_canary_was_compared_on_new_months_before_it_answered_all(story: Story) -> None:
    switches = [promotion for promotion in story.ws.ledger.promotions(MODEL) if promotion.kind == "deploy"]
    assert len(switches) == len(completed(story))
    for switch in switches:
        compared = story.ws.ledger.compared(switch.proposal_hash)
        incident = story.ws.ledger.incident(story.ws.ledger.proposal(switch.proposal_hash).incident_id)
        assert compared
        assert all(Window.from_key(window["window"]).start >= incident.window.end for window in compared)
        assert incident.resolution["outcome"] == "healed"


def test_the_healed_line_beats_the_model_that_was_never_retrained(story: Story) -> None:
    first = next(number for number, step in enumerate(story.played) if step.champion != step.served_by)
    gains = np.subtract(story.healed, story.static)[first + 1 :]
    print(f"mean monthly gain after the first deployment: {mean(gains):+.4f} over {len(gains)} months")
    assert mean(gains) >= 0.06


def test_no_data_fault_and_no_quiet_month_led_to_a_deployment(story: Story) -> None:
    for step in begun(story):
        assert step.outcome == "incident", step
        assert step.cause not in FROM_DATA, step


def test_every_switch_of_the_champion_was_approved_by_an_approver(story: Story) -> None:
    switches = [promotion for promotion in story.ws.ledger.promotions(MODEL) if promotion.kind != "adopt"]
    assert len(switches) == len(completed(story))
    for switch in switches:
        approvals = story.ws.ledger.approvals(switch.proposal_hash or "")
        assert {approval.by for approval in approvals if not approval.refused_because} == {"anna"}


def test_an_answer_of_somebody_else_is_refused(story: Story) -> None:
    assert story.refused == [403]


def test_the_record_is_complete_and_unbroken(story: Story) -> None:
    story.ws.ledger.verify_audit()
    incidents = story.ws.ledger.incidents(MODEL)
    assert incidents
    ended = [incident for incident in incidents if incident.id != story.watching]
    assert all(incident.closed_at and incident.mlflow_run_id for incident in ended)


def test_a_stranger_can_tell_what_happened_why_who_decided_and_whether_it_helped(
    story: Story, local: Installation, tmp_path: Path
) -> None:
    healed = [
        incident for incident in story.ws.ledger.incidents(MODEL) if incident.resolution.get("outcome") == "healed"
    ]
    incident = min(healed, key=lambda incident: incident.window.start)
    healthy = [step.window for step in story.played if step.outcome == "healthy"][-1]
    with pictures.visitor(local) as stranger:
        page = stranger.open(shows="table")
        stranger.picture("fleet")
        fleet = page.locator("airmedic-health main").inner_text()
        assert MODEL in fleet
        stranger.open(f"models/{MODEL}", shows="svg.line-chart")
        stranger.picture("model")
        page = stranger.open(f"incidents/{incident.id}", shows=".answers")
        stranger.picture("incident-view")
        told = page.locator("airmedic-health main").inner_text()
        texts = pictures.of_mlflow(stranger, story.ws, incident, f"{MODEL}__{healthy.key}", tmp_path)
    for part in (
        "anna approved: Deploy",
        COMMENTS["approve_deploy"],
        "Healed.",
        "Tested before deployment, on",
        "serves in place of",
    ):
        assert part in told, told
    assert "anna" in texts["incident-report"]
    assert "healthy" in texts["batch-report"].lower()
    assert "healthy · nothing to do · AUC" in texts["mlflow-runs"]
    # Who decided and what to do, in each of the lists and where nothing has to be done.
    for part in ("approved by anna", "nothing to do"):
        assert part in texts["mlflow-runs"], texts["mlflow-runs"]
    for part in ("Healthy: nobody has to do anything", "approved by anna", "Did it help"):
        assert part in texts["batch-report"], texts["batch-report"]
    for part in ("Who decided", "What to do"):
        assert part in fleet, fleet
