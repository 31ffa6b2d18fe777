"""Says what would be done, and does nothing: a dry run that tells the owners."""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule

from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.collect_evidence import CollectEvidenceOperator
from airmedic.operators.decide import DecideOperator
from airmedic.operators.llm_diagnosis import LLMDiagnosisOperator
from airmedic.operators.recommend import RecommendOperator

REQUEST = {"action": "retrain", "reason": "What would training bring?", "by": "anna", "dry_run": "true"}
PATHS = ("retrain", "deploy", "rollback", "quarantine", "repair", "scale", "change", "recommend", "escalate")
INCIDENT = "{{ ti.xcom_pull(task_ids='collect_evidence', key='incident_id') }}"

with DAG("example_recommend", schedule=None, doc_md=__doc__):
    collect_evidence = CollectEvidenceOperator(task_id="collect_evidence", model="orders", request=REQUEST)
    diagnose = LLMDiagnosisOperator(task_id="diagnose", model="orders", incident_id=INCIDENT)
    decide = DecideOperator(
        task_id="decide",
        model="orders",
        incident_id=INCIDENT,
        request=REQUEST,
        # Each path needs a task to go on with; in remediate__<model> each has its own.
        branches=dict.fromkeys(PATHS, "close_incident") | {"recommend": "recommend"},
    )
    recommend = RecommendOperator(
        task_id="recommend",
        model="orders",
        incident_id=INCIDENT,
        reason="{{ ti.xcom_pull(task_ids='decide', key='reason') }}",
    )
    close_incident = CloseIncidentOperator(
        task_id="close_incident",
        model="orders",
        incident_id=INCIDENT,
        request=REQUEST,
        trigger_rule=TriggerRule.ALL_DONE,
    )
    collect_evidence >> diagnose >> decide >> [recommend, close_incident]
    recommend >> close_incident
