"""Follows one way where a batch is an incident, and another where it is not."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from airmedic.operators.assess import AssessOperator
from airmedic.operators.data_quality import DataQualityOperator
from airmedic.operators.drift_check import DriftCheckOperator
from airmedic.operators.performance_check import PerformanceCheckOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_assess", schedule="@daily", doc_md=__doc__):
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
        branches={"healthy": "publish", "watch": "publish", "incident": "hold_back"},
    )
    checks >> assess >> [EmptyOperator(task_id="publish"), EmptyOperator(task_id="hold_back")]
