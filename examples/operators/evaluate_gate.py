"""Trains a challenger, and has the gate compare it with the champion on rows that neither was trained on."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Param

from airmedic.operators.evaluate_gate import EvaluateGateOperator
from airmedic.operators.retrain import RetrainOperator

PROPOSAL = "{{ params.proposal_hash }}"

with DAG(
    "example_evaluate_gate",
    schedule=None,
    doc_md=__doc__,
    params={
        "proposal_hash": Param("", type="string", title="Hash of the proposal to retrain"),
        "incident_id": Param("", type="string", title="Its incident"),
    },
):
    retrain = RetrainOperator(task_id="retrain", model="orders", proposal_hash=PROPOSAL)
    evaluate_gate = EvaluateGateOperator(
        task_id="evaluate_gate",
        model="orders",
        incident_id="{{ params.incident_id }}",
        proposal_hash=PROPOSAL,
        branches={"passed": "ask_for_deployment", "refused": "keep_champion"},
    )
    ask_for_deployment, keep_champion = (
        EmptyOperator(task_id=task_id) for task_id in ("ask_for_deployment", "keep_champion")
    )
    retrain >> evaluate_gate >> [ask_for_deployment, keep_champion]
