"""Watches a deployment, and completes it or takes it back, by what the watch finds."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.complete_deployment import CompleteDeploymentOperator
from airmedic.operators.undo_deployment import UndoDeploymentOperator
from airmedic.sensors.deployment_health import DeploymentHealthSensor

PROPOSAL = "{{ params.proposal_hash }}"

with DAG(
    "example_deployment_health",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    watch_deployment = DeploymentHealthSensor(
        task_id="watch_deployment",
        model="orders",
        proposal_hash=PROPOSAL,
        branches={"healthy": "complete_deployment", "unhealthy": "roll_back_deployment"},
        mode="reschedule",
        poke_interval=60,
    )
    complete_deployment = CompleteDeploymentOperator(
        task_id="complete_deployment", model="orders", proposal_hash=PROPOSAL
    )
    roll_back_deployment = UndoDeploymentOperator(
        task_id="roll_back_deployment", model="orders", proposal_hash=PROPOSAL
    )
    watch_deployment >> [complete_deployment, roll_back_deployment]
