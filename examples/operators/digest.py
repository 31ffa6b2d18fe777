"""Tells each place that wants a digest, each morning, how all models are."""

from __future__ import annotations

from airflow.sdk import DAG

from airmedic.operators.digest import DigestOperator

with DAG("example_digest", schedule="0 7 * * *", doc_md=__doc__):
    # For the notifiers with `digest: true` in the specs.
    DigestOperator(task_id="tell", hours=24)
