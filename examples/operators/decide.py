"""Decides what a person asks for, by policy and limits, asks the approvers, and carries it out."""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule

from airmedic.operators.apply_change import ApplyChangeOperator
from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.collect_evidence import CollectEvidenceOperator
from airmedic.operators.decide import DecideOperator
from airmedic.operators.llm_diagnosis import LLMDiagnosisOperator
from airmedic.sensors.approval import ApprovalSensor

REQUEST = {"action": "refresh_reference", "reason": "A new season has begun", "by": "anna"}
PATHS = ("retrain", "deploy", "rollback", "quarantine", "repair", "change", "recommend", "escalate")
PROPOSAL = "{{ ti.xcom_pull(task_ids='decide', key='proposal_hash') }}"
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
        branches=dict.fromkeys(PATHS, "close_incident") | {"change": "approve_change"},
    )
    approve_change = ApprovalSensor(task_id="approve_change", model="orders", proposal_hash=PROPOSAL)
    apply_change = ApplyChangeOperator(task_id="apply_change", model="orders", proposal_hash=PROPOSAL)
    close_incident = CloseIncidentOperator(
        task_id="close_incident",
        model="orders",
        incident_id=INCIDENT,
        request=REQUEST,
        trigger_rule=TriggerRule.ALL_DONE,
    )
    collect_evidence >> diagnose >> decide >> [approve_change, close_incident]
    approve_change >> apply_change >> close_incident
