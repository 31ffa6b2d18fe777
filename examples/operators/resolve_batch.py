"""Names the batch of each day, and tells a task of your own how many rows it has."""

from __future__ import annotations

from airflow.sdk import DAG, task

from airmedic.operators.resolve_batch import ResolveBatchOperator

with DAG("example_resolve_batch", schedule="@daily", doc_md=__doc__):
    # The last complete window before the run. Rows may land late: each retry looks for them again.
    resolve_batch = ResolveBatchOperator(task_id="resolve_batch", model="orders", retries=12)

    @task
    def count_rows(batch: dict) -> int:
        """Return the number of rows; the rows themselves are not in the batch."""
        return batch["rows"]

    count_rows(resolve_batch.output)
