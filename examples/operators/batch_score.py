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
        # The day before the run.
        window_start="{{ macros.ds_add(ds, -1) }}",
        window_end="{{ ds }}",
        predictions="predictions/{{ macros.ds_add(ds, -1) }}.parquet",
        outlets=[SCORED],
    )
