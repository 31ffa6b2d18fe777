"""Writes the report of each batch to MLflow, whatever was found."""

from __future__ import annotations

from airflow.sdk import DAG

from airmedic.operators.data_quality import DataQualityOperator
from airmedic.operators.drift_check import DriftCheckOperator
from airmedic.operators.performance_check import PerformanceCheckOperator
from airmedic.operators.publish_report import PublishReportOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_publish_report", schedule="@daily", doc_md=__doc__):
    resolve_batch = ResolveBatchOperator(task_id="resolve_batch", model="orders")
    batch = resolve_batch.output
    checks = [
        DataQualityOperator(task_id="validate_data", model="orders", batch=batch),
        DriftCheckOperator(task_id="check_drift", model="orders", batch=batch),
        PerformanceCheckOperator(task_id="check_performance", model="orders", batch=batch),
    ]
    publish_report = PublishReportOperator(task_id="publish_report", model="orders", batch=batch)
    checks >> publish_report
