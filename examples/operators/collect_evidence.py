"""Collects what is known of a model, for a look that a person asked for."""

from __future__ import annotations

from airflow.sdk import DAG, TriggerRule

from airmedic.operators.close_incident import CloseIncidentOperator
from airmedic.operators.collect_evidence import CollectEvidenceOperator

REQUEST = {"action": "diagnose_only", "reason": "The monthly look at the model", "by": "anna"}
INCIDENT = "{{ ti.xcom_pull(task_ids='collect_evidence', key='incident_id') }}"

with DAG("example_collect_evidence", schedule=None, doc_md=__doc__):
    collect_evidence = CollectEvidenceOperator(task_id="collect_evidence", model="orders", request=REQUEST)
    close_incident = CloseIncidentOperator(
        task_id="close_incident",
        model="orders",
        incident_id=INCIDENT,
        request=REQUEST,
        trigger_rule=TriggerRule.ALL_DONE,
    )
    collect_evidence >> close_incident
