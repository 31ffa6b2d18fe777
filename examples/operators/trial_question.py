"""Asks what becomes of a version that is tried and has shown nothing in time, and does what is answered."""

from __future__ import annotations

from airflow.sdk import DAG, Param

from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.operators.rollback import RollbackOperator
from airmedic.sensors.deployment_health import PROMOTION_HASH, DeploymentHealthSensor
from airmedic.sensors.trial_question import TrialQuestionSensor

CHOSEN = "{{ ti.xcom_pull(task_ids='decide_on_trial', key='proposal_hash') }}"

with DAG(
    "example_trial_question",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the deployment's proposal")},
):
    watch_deployment = DeploymentHealthSensor(
        task_id="watch_deployment",
        model="orders",
        proposal_hash="{{ params.proposal_hash }}",
        # Without a branch for the others, what follows is skipped.
        branches={"inconclusive": "decide_on_trial", "undecided": "decide_on_trial"},
        mode="reschedule",
        poke_interval=60,
    )
    decide_on_trial = TrialQuestionSensor(
        task_id="decide_on_trial",
        model="orders",
        proposal_hash="{{ ti.xcom_pull(task_ids='watch_deployment', key='proposal_hash') }}",
        promotion_hash=f"{{{{ ti.xcom_pull(task_ids='watch_deployment', key='{PROMOTION_HASH}') }}}}",
        branches={"promote": "promote_version", "end": "stop_trying", "go_on": "watch_further"},
    )
    promote_version = ApplyChangeOperator(task_id="promote_version", model="orders", proposal_hash=CHOSEN)
    stop_trying = RollbackOperator(task_id="stop_trying", model="orders", proposal_hash=CHOSEN)
    watch_further = DeploymentHealthSensor(
        task_id="watch_further",
        model="orders",
        proposal_hash="{{ params.proposal_hash }}",
        branches={},
        mode="reschedule",
        poke_interval=60,
    )
    watch_deployment >> decide_on_trial >> [promote_version, stop_trying, watch_further]
