"""A small production to watch: each run makes the next generated day, scores it and announces it.

No row is real. The DAG is paused until somebody wants to watch; ``make demo`` unpauses it.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, dag, task

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.batch_score import BatchScoreOperator

log = logging.getLogger(__name__)

MODEL = "subscription_churn"
SUBSCRIPTIONS = Asset(f"airmedic://simulated/{MODEL}")


@dag(
    dag_id="simulate_production",
    description="Makes the next day of a generated production of subscriptions, with faults on cue.",
    schedule="@continuous",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    max_active_runs=1,
    is_paused_upon_creation=True,
    tags=["airmedic", "generated"],
    default_args={"owner": "airmedic"},
    doc_md=__doc__,
)
def simulate_production() -> None:
    """Wire one generated day."""

    @task.sensor(poke_interval=1, timeout=timedelta(days=7).total_seconds())
    def wait_for_story() -> bool:
        with airflow_errors():
            from airmedic_core.simulate import Pause, plan_next_day

            planned = plan_next_day(open_workspace(MODEL))
        if isinstance(planned, Pause):
            log.info("Production waits: %s.", planned.reason)
        return not isinstance(planned, Pause)

    @task(retries=2, retry_delay=timedelta(seconds=5))
    def make_day() -> dict[str, str]:
        with airflow_errors():
            from airmedic_core.simulate import next_day, scored_file

            ws = open_workspace(MODEL)
            day = next_day(ws)
        return {
            "window_start": day.window.start.isoformat(),
            "window_end": day.window.end.isoformat(),
            "output": str(scored_file(ws, day)),
        }

    day = make_day()
    score_batch = BatchScoreOperator(
        task_id="score_batch",
        model=MODEL,
        window_start="{{ ti.xcom_pull('make_day')['window_start'] }}",
        window_end="{{ ti.xcom_pull('make_day')['window_end'] }}",
        predictions="{{ ti.xcom_pull('make_day')['output'] }}",
        as_of="{{ ti.xcom_pull('make_day')['window_end'] }}",
        outlets=[SUBSCRIPTIONS],
        retries=2,
        retry_delay=timedelta(seconds=5),
    )
    wait_for_story() >> day >> score_batch


simulate_production()
