"""Adds replicas by the hook that the spec names."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.scale import ScaleOperator

PROPOSAL = "{{ params.proposal_hash }}"

with DAG(
    "example_scale",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    scale = ScaleOperator(task_id="scale", model="orders", proposal_hash=PROPOSAL)
