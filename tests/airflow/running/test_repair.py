"""A day that arrives in another unit, in a real Airflow: held, repaired on a copy once people agree, and scored so.

It takes minutes and is run by `make e2e`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from tests.airflow.production import meter
from tests.airflow.running.steps import ended, parked

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

pytestmark = pytest.mark.e2e

MODEL = "converted"


def scored_day(running: Running, run_id: str) -> pd.DataFrame:
    """Score the day as a team's DAG does, and return the predictions."""
    client, place = running.client(), running.installation.home / f"{run_id}.parquet"
    window = {key: value for key, value in meter.day(meter.CONVERTED).items() if key != "as_of"}
    client.trigger("score_day", {"model": MODEL, "predictions": str(place), **window}, run_id=run_id)
    assert client.wait_for_run("score_day", run_id)["state"] == "success"
    return pd.read_parquet(place)


def of_day(path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path)
    return rows[rows.index // 144 == meter.CONVERTED].reset_index(drop=True)


def test_a_day_in_another_unit_is_repaired_once_somebody_agrees_and_is_scored_as_repaired(
    running: Running,
) -> None:
    from airmedic_core.scoring import score
    from airmedic_local.errors import RequestRefusedError

    running.adopt(MODEL)
    client, workspace = running.client("anna"), running.workspace(MODEL)
    home = running.installation.home
    arrived = hashlib.sha256((home / "converted.csv").read_bytes()).hexdigest()
    client.trigger(f"monitor__{MODEL}", meter.day(meter.CONVERTED), run_id="in_hundredths")
    assert client.wait_for_run(f"monitor__{MODEL}", "in_hundredths")["state"] == "success"
    incident_id = client.xcom(f"monitor__{MODEL}", "in_hundredths", "open_incident")["incident_id"]
    question = parked(running, incident_id, "approve_repair")
    assert workspace.ledger.incident(incident_id).cause == "unit_change"
    assert [mark.author for mark in workspace.ledger.overrides(MODEL, "quarantine")] != []
    assert "load" in question["body"]
    assert "144 of 144 rows" in question["body"]

    # `whole.csv` holds the same rows in the usual unit.
    usual = of_day(home / "whole.csv")
    expected = score(workspace, workspace.registry.champion(MODEL), usual).scores
    assert not np.allclose(scored_day(running, "before_repair")["score"], expected, atol=0.05)
    with pytest.raises(RequestRefusedError) as refused:
        running.client("mallory").answer(question, "Approve")
    assert refused.value.status == 403
    running.client("boris").answer(question, "Approve", {"comment": "The meter sends hundredths."})
    state, tasks = ended(running, incident_id, MODEL)
    assert (state, tasks["quarantine_batch"], tasks["repair_batch"]) == ("success", "success", "success")

    incident = workspace.ledger.incident(incident_id)
    assert (incident.state, incident.resolution["outcome"]) == ("resolved", "repaired")
    assert workspace.ledger.overrides(MODEL, "quarantine") == []
    (repair,) = [action for action in workspace.ledger.actions(incident_id=incident_id) if action.action == "repair"]
    assert workspace.ledger.approved_by(repair.proposal_hash) == "boris"
    (copy,) = (home / "repaired" / MODEL).glob("*.parquet")
    for scored in (pd.read_parquet(copy), scored_day(running, "after_repair")):
        assert np.allclose(scored["load"], usual["load"])
        assert np.allclose(scored["score"], expected)
        assert set(scored["model_version"]) == {"1"}
    assert hashlib.sha256((home / "converted.csv").read_bytes()).hexdigest() == arrived
    workspace.ledger.verify_audit()
