"""A canary in a real Airflow that shows nothing in time: people are asked, and each of three answers is kept.

It takes minutes and is run by `make e2e`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.airflow.conftest import TRIED
from tests.airflow.running.steps import ended, incident_of, new_run_id, parked

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

pytestmark = pytest.mark.e2e

QUESTION = "decide_on_trial"


@pytest.fixture(scope="module")
def undecided(running: Running) -> Iterator[dict[str, tuple[str, dict[str, Any]]]]:
    """Return, by model, the run whose canary has shown nothing and its question. All of them wait at the same time."""
    client = running.client("anna")
    runs: dict[str, str] = {}
    for model in TRIED:
        running.adopt(model)
        form = {"action": "retrain", "reason": "A test asks."}
        runs[model] = client.trigger(f"remediate__{model}", form, run_id=new_run_id())
    for task_id in ("approve_retrain", "approve_deploy"):
        for model in TRIED:
            client.answer(parked(running, runs[model], task_id), "Approve")
    yield {model: (run_id, parked(running, run_id, QUESTION)) for model, run_id in runs.items()}
    for model, run_id in runs.items():
        if client.run(f"remediate__{model}", run_id)["state"] not in ("success", "failed"):
            client.request("PATCH", f"/dags/remediate__{model}/dagRuns/{run_id}", json={"state": "failed"})


def answers(running: Running, model: str, incident_id: str) -> dict[str, list[tuple[str, str]]]:
    """Return who has answered what about each action that was asked about in the end."""
    ledger = running.workspace(model).ledger
    return {
        proposal.action: [(given.answer, given.by) for given in ledger.approvals(proposal.hash)]
        for proposal in ledger.proposals(incident_id)
        if proposal.action in {"end_trial", "promote_trial"}
    }


def test_the_question_stands_in_airflow_and_nothing_waits_behind_it(
    running: Running, undecided: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    from airmedic_local.errors import RequestRefusedError

    model, client = "promoted", running.client("anna")
    run_id, question = undecided[model]
    assert question["options"] == ["Promote", "End the trial", "Go on"]
    assert question["subject"] == f"Version 2 of Test {model} is tried, and has shown nothing in time: go on?"
    workspace = running.workspace(model)
    trial = workspace.registry.trial(model)
    assert trial is not None
    assert (trial.version, trial.fraction, workspace.registry.champion(model).version) == ("2", 0.5, "1")

    with pytest.raises(RequestRefusedError) as refused:
        running.client("mallory").answer(question, "Promote")
    assert refused.value.status == 403
    assert answers(running, model, incident_of(running, run_id, model).id) == {"end_trial": [], "promote_trial": []}

    # One question waits, although two proposals stand behind it.
    token = {"Authorization": f"Bearer {client._new_token()}"}
    metrics = httpx.get(f"{running.installation.airflow_url}/airmedic/metrics", headers=token, timeout=60)
    assert f'airmedic_approvals_waiting{{model="{model}"}} 1' in metrics.text.splitlines()

    # Somebody who wants to know meanwhile what is wrong need not wait for the answer.
    form = {"action": "diagnose_only", "reason": "Somebody asks meanwhile."}
    meanwhile = client.trigger(f"remediate__{model}", form, run_id=new_run_id())
    assert client.wait_for_run(f"remediate__{model}", meanwhile)["state"] == "success"


def test_promote_puts_the_version_in_service_by_whom_the_record_says(
    running: Running, undecided: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    model = "promoted"
    run_id, question = undecided[model]
    running.client("boris").answer(question, "Promote", {"comment": "We need it."})
    state, tasks = ended(running, run_id, model)
    followed = [tasks[task_id] for task_id in ("promote_version", "stop_trying", "watch_further")]
    assert (state, followed) == ("success", ["success", "skipped", "skipped"])
    workspace, incident = running.workspace(model), incident_of(running, run_id, model)
    assert (workspace.registry.champion(model).version, workspace.registry.trial(model)) == ("2", None)
    (switch, *_) = workspace.ledger.promotions(model)
    assert (workspace.ledger.proposal(switch.proposal_hash).action, switch.by) == ("promote_trial", "boris")
    assert answers(running, model, incident.id) == {
        "promote_trial": [("approve", "boris")],
        "end_trial": [("reject", "boris")],
    }
    assert incident.resolution["outcome"] == "changed"
    workspace.ledger.verify_audit()


def test_end_the_trial_leaves_the_champion_to_answer_all_rows(
    running: Running, undecided: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    model = "ended"
    run_id, question = undecided[model]
    running.client("anna").answer(question, "End the trial")
    state, tasks = ended(running, run_id, model)
    followed = [tasks[task_id] for task_id in ("promote_version", "stop_trying", "watch_further")]
    assert (state, followed) == ("success", ["skipped", "success", "skipped"])
    workspace, incident = running.workspace(model), incident_of(running, run_id, model)
    assert (workspace.registry.champion(model).version, workspace.registry.trial(model)) == ("1", None)
    assert answers(running, model, incident.id) == {
        "promote_trial": [("reject", "anna")],
        "end_trial": [("approve", "anna")],
    }
    assert incident.resolution["outcome"] == "undone"


def test_go_on_leaves_the_version_at_its_share_until_the_form_ends_its_trial(
    running: Running, undecided: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    model = "continued"
    run_id, question = undecided[model]
    running.client("boris").answer(question, "Go on", {"comment": "One more week."})
    state, tasks = ended(running, run_id, model)
    followed = [tasks[task_id] for task_id in ("promote_version", "stop_trying", "watch_further")]
    assert (state, followed) == ("success", ["skipped", "skipped", "success"])
    workspace, incident = running.workspace(model), incident_of(running, run_id, model)
    trial = workspace.registry.trial(model)
    assert trial is not None
    assert (trial.version, trial.fraction, workspace.registry.champion(model).version) == ("2", 0.5, "1")
    assert answers(running, model, incident.id) == {
        "promote_trial": [("reject", "boris")],
        "end_trial": [("reject", "boris")],
    }

    # It is not asked about again: somebody asks for its end, and somebody else approves it.
    form = {"action": "end_trial", "reason": "It has been tried for long enough."}
    by_hand = running.client("carol").trigger(f"remediate__{model}", form, run_id=new_run_id())
    running.client("anna").answer(parked(running, by_hand), "Approve")
    assert ended(running, by_hand, model)[0] == "success"
    assert (workspace.registry.champion(model).version, workspace.registry.trial(model)) == ("1", None)
