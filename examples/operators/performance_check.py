"""Measures how the champion did on each day's labels, once a day when labels have come in."""

from __future__ import annotations

from airflow.sdk import DAG, task

from airmedic.operators.performance_check import PerformanceCheckOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_performance_check", schedule="0 18 * * *", doc_md=__doc__):
    resolve_batch = ResolveBatchOperator(task_id="resolve_batch", model="orders")
    check_performance = PerformanceCheckOperator(
        task_id="check_performance", model="orders", batch=resolve_batch.output
    )

    @task
    def count_alerts(checked: dict) -> int:
        """Return how many findings alarm."""
        return checked["verdicts"].get("alert", 0)

    count_alerts(check_performance.output)
