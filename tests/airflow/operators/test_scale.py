"""Capacity by a DAG of the team's own: what is asked of it, and what follows where it fails."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.airflow.tasks import context_of, propose

POLICIES = Path(__file__).parents[3] / "include" / "policies"


def test_a_dag_that_fails_is_taken_back_by_the_one_that_the_spec_names(
    adopted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators import scale_in_dag
    from airmedic_core.actions import ACTIONS

    (adopted / "policies").symlink_to(POLICIES)
    spec = adopted / "models" / "meter.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + "\nscale: {dag: grow, undo_dag: shrink, step: 2}\n", "utf-8")
    started: list[tuple[str, str, Any]] = []
    monkeypatch.setattr(scale_in_dag, "start_run", lambda *run: started.append(run))
    workspace = open_workspace("meter")
    proposal = propose(workspace, "scale", ACTIONS.member("scale").plan(workspace, None, None)[0])  # type: ignore[arg-type]
    workspace.ledger.answer_proposal(proposal.hash, "approve", by="anna", at=datetime.now(UTC), channel="airflow")
    operator = scale_in_dag.ScaleInDagOperator(
        task_id="scale", model="meter", proposal_hash=proposal.hash, other_dag="grow"
    )
    dag_id, conf = operator.order(workspace)
    wanted = {"model": "meter", "add": 2, "least": 1, "most": 4}
    links = {"incident_id": proposal.incident_id, "proposal_hash": proposal.hash}
    assert (dag_id, conf) == ("grow", wanted | links)
    assert workspace.ledger.actions(incident_id=proposal.incident_id)[-1].status == "done"
    run = f"airmedic__{proposal.hash[:16]}"
    operator.trigger_run_id = run
    event = {"dag_id": "grow", "states": ["success", "failed"], "run_ids": [run], run: "failed"}
    told = r"counts as undone, and shrink is started .* decide again"
    with pytest.raises(AirflowFailException, match=told) as failed:
        operator.execute_complete(context_of(operator), ("a.trigger", event))
    assert "clear" not in str(failed.value)
    assert started == [("shrink", f"airmedic__undo__{proposal.hash[:16]}", conf)]
    done = workspace.ledger.actions(incident_id=proposal.incident_id)[-1]
    assert (done.status, done.summary) == ("undone", "It is left to the DAG shrink to take it back.")
    # Somebody mends the DAG, clears its run, and then this task.
    with pytest.raises(AirflowFailException, match=r"'scale' is undone: .* a run of grow that was cleared since"):
        operator.order(workspace)
