"""Completes a deployment that its watch found healthy."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param

from airmedic.operators.complete_deployment import CompleteDeploymentOperator
from airmedic.sensors.deployment_health import DeploymentHealthSensor

PROPOSAL = "{{ params.proposal_hash }}"

with DAG(
    "example_complete_deployment",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    watch_deployment = DeploymentHealthSensor(
        task_id="watch_deployment",
        model="orders",
        proposal_hash=PROPOSAL,
        branches={"healthy": "complete_deployment", "unhealthy": "call_somebody", "inconclusive": "call_somebody"},
    )
    complete_deployment = CompleteDeploymentOperator(
        task_id="complete_deployment", model="orders", proposal_hash=PROPOSAL
    )
    watch_deployment >> [complete_deployment, EmptyOperator(task_id="call_somebody")]
