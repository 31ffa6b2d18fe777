"""Keeps the rows of an incident out of training. The policy that is shipped allows it where the cause is verified."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.quarantine import QuarantineOperator

PROPOSAL = "{{ params.proposal_hash }}"

with DAG(
    "example_quarantine",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    quarantine_batch = QuarantineOperator(task_id="quarantine_batch", model="orders", proposal_hash=PROPOSAL)
