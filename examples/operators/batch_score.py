"""Scores each day with the champion, logs the predictions, and tells the monitoring DAG which window is there."""

from __future__ import annotations

from airflow.sdk import DAG, Asset

from airmedic.operators.batch_score import BatchScoreOperator

# The spec of the model has `schedule: asset:airmedic://example/orders`.
SCORED = Asset("airmedic://example/orders")

with DAG("example_batch_score", schedule="@daily", doc_md=__doc__):
    BatchScoreOperator(
        task_id="score",
        model="orders",
        window_start="{{ data_interval_end | ds }}",
        window_end="{{ macros.ds_add(data_interval_end | ds, 1) }}",
        predictions="predictions/{{ data_interval_end | ds }}.parquet",
        outlets=[SCORED],
    )
