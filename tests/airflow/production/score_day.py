"""Scores a window of any model with its champion, as a team's own scoring DAG does."""

from __future__ import annotations

from airflow.sdk import DAG

from airmedic.operators.batch_score import BatchScoreOperator

with DAG("score_day", schedule=None, is_paused_upon_creation=False):
    BatchScoreOperator(
        task_id="score",
        model="{{ dag_run.conf['model'] }}",
        window_start="{{ dag_run.conf['window_start'] }}",
        window_end="{{ dag_run.conf['window_end'] }}",
        predictions="{{ dag_run.conf['predictions'] }}",
    )
