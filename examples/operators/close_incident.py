"""Closes what was opened for a request, whatever happened before. The run fails if a task before it failed."""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule

from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.collect_evidence import CollectEvidenceOperator
from airmedic.operators.llm_diagnosis import LLMDiagnosisOperator

REQUEST = {"action": "diagnose_only", "reason": "The monthly look at the model", "by": "anna"}
INCIDENT = "{{ ti.xcom_pull(task_ids='collect_evidence', key='incident_id') }}"

with DAG("example_close_incident", schedule=None, doc_md=__doc__):
    collect_evidence = CollectEvidenceOperator(task_id="collect_evidence", model="orders", request=REQUEST)
    diagnose = LLMDiagnosisOperator(task_id="diagnose", model="orders", incident_id=INCIDENT)
    close_incident = CloseIncidentOperator(
        task_id="close_incident",
        model="orders",
        incident_id=INCIDENT,
        request=REQUEST,
        trigger_rule=TriggerRule.ALL_DONE,
    )
    # With the trigger rule above, it also runs where a task before it has failed.
    collect_evidence >> diagnose >> close_incident
