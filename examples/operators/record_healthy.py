"""Counts healthy batches, and lets the others go."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airmedic.operators.assess import AssessOperator
from airmedic.operators.data_quality import DataQualityOperator
from airmedic.operators.drift_check import DriftCheckOperator
from airmedic.operators.performance_check import PerformanceCheckOperator
from airmedic.operators.record_healthy import RecordHealthyOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_record_healthy", schedule="@daily", doc_md=__doc__):
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
        branches={"healthy": "record_healthy", "watch": "look_tomorrow", "incident": "look_tomorrow"},
    )
    record_healthy = RecordHealthyOperator(task_id="record_healthy", model="orders", batch=batch)
    checks >> assess >> [record_healthy, EmptyOperator(task_id="look_tomorrow")]
