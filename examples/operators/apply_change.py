"""Carries out a proposal that needs no path of its own, such as a refreshed reference, once it is approved."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.sensors.approval import ApprovalSensor

PROPOSAL = "{{ params.proposal_hash }}"
# An approver may have narrowed what was proposed: the hash that was approved counts.
APPROVED = "{{ ti.xcom_pull(task_ids='approve', key='proposal_hash') or params.proposal_hash }}"

with DAG(
    "example_apply_change",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    approve = ApprovalSensor(task_id="approve", model="orders", proposal_hash=PROPOSAL)
    apply_change = ApplyChangeOperator(task_id="apply_change", model="orders", proposal_hash=APPROVED)
    approve >> apply_change
