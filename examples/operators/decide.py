"""Decides what a person asks for, by policy and limits, asks where the policy wants that, and carries it out."""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule

from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.collect_evidence import CollectEvidenceOperator
from airmedic.operators.decide import DecideOperator
from airmedic.operators.llm_diagnosis import LLMDiagnosisOperator
from airmedic.operators.retrain import RetrainOperator
from airmedic.sensors.approval import ApprovalSensor

REQUEST = {"action": "retrain", "reason": "A new season has begun", "by": "anna"}
PATHS = ("retrain", "deploy", "rollback", "quarantine", "repair", "scale", "change", "recommend", "escalate")
PROPOSAL = "{{ ti.xcom_pull(task_ids='decide', key='proposal_hash') }}"
APPROVED = "{{ ti.xcom_pull(task_ids='approve_retrain', key='proposal_hash') }}"
INCIDENT = "{{ ti.xcom_pull(task_ids='collect_evidence', key='incident_id') }}"

with DAG("example_decide", schedule=None, doc_md=__doc__):
    collect_evidence = CollectEvidenceOperator(task_id="collect_evidence", model="orders", request=REQUEST)
    diagnose = LLMDiagnosisOperator(task_id="diagnose", model="orders", incident_id=INCIDENT)
    decide = DecideOperator(
        task_id="decide",
        model="orders",
        incident_id=INCIDENT,
        request=REQUEST,
        # Each path needs a task to go on with; in remediate__<model> each has its own.
        branches=dict.fromkeys(PATHS, "close_incident") | {"retrain": "approve_retrain"},
    )
    approve_retrain = ApprovalSensor(task_id="approve_retrain", model="orders", proposal_hash=PROPOSAL)
    train = RetrainOperator(task_id="train", model="orders", proposal_hash=APPROVED)
    close_incident = CloseIncidentOperator(
        task_id="close_incident",
        model="orders",
        incident_id=INCIDENT,
        request=REQUEST,
        trigger_rule=TriggerRule.ALL_DONE,
    )
    collect_evidence >> diagnose >> decide >> [approve_retrain, close_incident]
    approve_retrain >> train >> close_incident
