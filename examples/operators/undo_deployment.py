"""Takes a deployment back if it does no good; one that does is left in place, and the task is skipped."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.undo_deployment import UndoDeploymentOperator

with DAG(
    "example_undo_deployment",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    UndoDeploymentOperator(task_id="roll_back_deployment", model="orders", proposal_hash="{{ params.proposal_hash }}")
