"""Lets a pipeline of your own go on only where the rows of the day are sound."""

from __future__ import annotations

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, task

from airmedic.operators.data_quality import DataQualityOperator
from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_data_quality", schedule="@daily", doc_md=__doc__):
    resolve_batch = ResolveBatchOperator(task_id="resolve_batch", model="orders")
    validate_data = DataQualityOperator(task_id="validate_data", model="orders", batch=resolve_batch.output)

    @task.short_circuit
    def is_sound(checked: dict) -> bool:
        """Skip what follows where a check alarms."""
        return "alert" not in checked["verdicts"]

    is_sound(validate_data.output) >> EmptyOperator(task_id="load_into_warehouse")
