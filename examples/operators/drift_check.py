"""Compares each day's rows with what the champion was accepted on, and keeps the messages of what has moved."""

from __future__ import annotations

from airflow.sdk import DAG, task

from airmedic.operators.drift_check import DriftCheckOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_drift_check", schedule="@daily", doc_md=__doc__):
    resolve_batch = ResolveBatchOperator(task_id="resolve_batch", model="orders")
    check_drift = DriftCheckOperator(task_id="check_drift", model="orders", batch=resolve_batch.output)

    @task
    def list_moves(checked: dict) -> list[str]:
        """Return what is not in order, worst first."""
        return checked["remarkable"]

    list_moves(check_drift.output)
