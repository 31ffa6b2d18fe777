"""Trains a challenger once that is approved. What serves stays as it is."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.retrain import RetrainOperator
from airmedic.sensors.approval import ApprovalSensor

PROPOSAL = "{{ params.proposal_hash }}"
# An approver may have narrowed what was proposed: the hash that was approved counts.
APPROVED = "{{ ti.xcom_pull(task_ids='approve', key='proposal_hash') or params.proposal_hash }}"

with DAG(
    "example_retrain",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    approve = ApprovalSensor(task_id="approve", model="orders", proposal_hash=PROPOSAL)
    retrain = RetrainOperator(task_id="retrain", model="orders", proposal_hash=APPROVED)
    approve >> retrain
