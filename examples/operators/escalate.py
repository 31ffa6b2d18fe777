"""Tells people that they have to look, and keeps on record that they were told."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.escalate import EscalateOperator

PROPOSAL = "{{ params.proposal_hash }}"

with DAG(
    "example_escalate",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    escalate = EscalateOperator(task_id="escalate", model="orders", proposal_hash=PROPOSAL)
