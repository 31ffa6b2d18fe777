"""A pipeline that fails: what stands in front of a model."""

from __future__ import annotations

from airflow.sdk import DAG, task

with DAG("ingest", schedule=None, is_paused_upon_creation=False):

    @task
    def extract() -> None:
        """Deliver nothing."""
        raise RuntimeError("The source does not answer.")

    extract()
