"""Asks the approvers of a model, and goes on only with their approval."""

from __future__ import annotations

from airflow.sdk import DAG, Param, task

from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.sensors.approval import ApprovalSensor

with DAG(
    "example_approval",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    approve = ApprovalSensor(task_id="approve", model="orders", proposal_hash="{{ params.proposal_hash }}")
    # An approver may have narrowed what was proposed: the hash that was approved counts.
    apply_change = ApplyChangeOperator(
        task_id="apply_change",
        model="orders",
        proposal_hash="{{ ti.xcom_pull(task_ids='approve', key='proposal_hash') or params.proposal_hash }}",
    )

    @task
    def name_approver(answer: dict) -> str:
        """Return who approved."""
        return answer["by"]

    approve >> apply_change
    name_approver(approve.output)
