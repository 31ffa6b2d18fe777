"""Opens an incident, and starts a remediation of your own in place of `remediate__orders`."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task

from airmedic.operators.assess import AssessOperator
from airmedic.operators.data_quality import DataQualityOperator
from airmedic.operators.drift_check import DriftCheckOperator
from airmedic.operators.open_incident import OpenIncidentOperator
from airmedic.operators.performance_check import PerformanceCheckOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_open_incident", schedule="@daily", doc_md=__doc__):
    resolve_batch = ResolveBatchOperator(task_id="resolve_batch", model="orders")
    batch = resolve_batch.output
    checks = [
        DataQualityOperator(task_id="validate_data", model="orders", batch=batch),
        DriftCheckOperator(task_id="check_drift", model="orders", batch=batch),
        PerformanceCheckOperator(task_id="check_performance", model="orders", batch=batch),
    ]
    assess = AssessOperator(
        task_id="assess",
        model="orders",
        batch=batch,
        branches={"healthy": "go_on", "watch": "go_on", "incident": "open_incident"},
    )
    open_incident = OpenIncidentOperator(task_id="open_incident", model="orders", batch=batch)

    @task
    def call_the_owner(incident: dict) -> str:
        """Return what the owner is told."""
        return f"{incident['severity']}: {incident['headline']}"

    checks >> assess >> [open_incident, EmptyOperator(task_id="go_on")]
    call_the_owner(open_incident.output)
