"""Goes back to the version that served before, once that is approved."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.rollback import RollbackOperator
from airmedic.sensors.approval import ApprovalSensor

PROPOSAL = "{{ params.proposal_hash }}"
# An approver may have narrowed what was proposed: the hash that was approved counts.
APPROVED = "{{ ti.xcom_pull(task_ids='approve', key='proposal_hash') or params.proposal_hash }}"

with DAG(
    "example_rollback",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    approve = ApprovalSensor(task_id="approve", model="orders", proposal_hash=PROPOSAL)
    roll_back = RollbackOperator(task_id="roll_back", model="orders", proposal_hash=APPROVED)
    approve >> roll_back
