"""Labels that people are asked for in a real Airflow: handed out as a file, filled in, and diagnosed with anew.

It takes minutes and is run by `make e2e`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.airflow.production import meter
from tests.airflow.running.steps import ended, incident_of, new_run_id, parked

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

pytestmark = pytest.mark.e2e

MODEL = "unlabelled"


def airmedic(running: Running, *arguments: str) -> str:
    """Run a command in a process of its own, as a person does, and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "airmedic_core.cli", *arguments],
        env=running.installation.environment(),
        cwd=running.installation.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_labels_are_asked_for_come_back_and_change_the_diagnosis(running: Running) -> None:
    running.adopt(MODEL)
    client, workspace = running.client("anna"), running.workspace(MODEL)
    form = {"action": "request_labels", "reason": "Nobody knows how yesterday went."}
    run_id = client.trigger(f"remediate__{MODEL}", form, run_id=new_run_id())
    question = parked(running, run_id)
    asked_about = incident_of(running, run_id, MODEL)
    assert workspace.ledger.diagnoses(asked_about.id)[-1][0].cause != "concept_drift"
    running.client("boris").answer(question, "Approve")
    state, tasks = ended(running, run_id, MODEL)
    assert (state, tasks["apply_change"]) == ("success", "success")
    (request,) = [action for action in workspace.ledger.actions(model=MODEL) if action.action == "request_labels"]
    file = Path(request.output["file"])
    asked = pd.read_csv(file, parse_dates=["at"])
    assert len(asked) == request.output["count"] > 100
    assert asked["failed"].isna().all()
    assert file.name in airmedic(running, "labels", "--model", MODEL)

    # `meter.csv` holds the same rows with what became of them.
    known = pd.read_csv(running.installation.home / "meter.csv", parse_dates=["at"]).set_index("at")["failed"]
    asked.assign(failed=asked["at"].map(known)).to_csv(file, index=False)
    told = airmedic(running, "labels", "return", str(file), "--model", MODEL, "--by", "carol")
    assert f"{len(asked)} labels" in told
    (mark,) = workspace.ledger.overrides(MODEL, "labelled")
    assert mark.author == "carol"

    incidents = [incident for incident in workspace.ledger.incidents(MODEL) if incident.id != asked_about.id]
    (incident,) = incidents
    assert (incident.cause, incident.state) == ("concept_drift", "diagnosed")
    assert f"incident_id {incident.id}" in told
    form = {"reason": "The labels are back.", "incident_id": incident.id}
    run_id = client.trigger(f"remediate__{MODEL}", form, run_id=new_run_id())
    question = parked(running, run_id)
    assert question["task_instance"]["task_id"] == "approve_retrain"
    client.answer(question, "Reject", {"comment": "Tomorrow."})
    state, tasks = ended(running, run_id, MODEL)
    assert (state, tasks["retrain"]) == ("success", "skipped")
    assert meter.day(meter.DAYS - 1)["window_start"][:10] in str(incident.window)
