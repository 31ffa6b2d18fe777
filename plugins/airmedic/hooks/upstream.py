"""Asks Airflow how the pipeline ran that delivers a model's rows."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airmedic_core.diagnose.case import UpstreamRun

MOST_RUNS = 5
_ENDED = frozenset({"success", "failed"})
log = logging.getLogger(__name__)


def upstream_runs(task_instance: Any, dag_id: str) -> list[UpstreamRun] | None:
    """Return the last runs of a DAG that have ended, newest first; nothing where Airflow does not tell.

    Tasks have no database in Airflow 3. The supervisor answers for one run before a moment at a time, and only for runs
    with a logical date: those that something else triggered without one are not seen.

    Parameters
    ----------
    task_instance : RuntimeTaskInstance
        The task that asks.
    dag_id : str
        The DAG.
    """
    try:
        return _asked(task_instance, dag_id)
    except Exception as error:  # noqa: BLE001 - what cannot be asked is a gap in the evidence, and no failure
        log.warning("Airflow does not tell how %s ran: %s", dag_id, error)
        return None


def _asked(task_instance: Any, dag_id: str) -> list[UpstreamRun]:
    # The public method asks for the task's own DAG only; this is the message that it sends.
    from airflow.sdk.execution_time.comms import GetPreviousDagRun, PreviousDagRunResult
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    from airmedic_core.diagnose.case import UpstreamRun

    before = datetime.now(UTC)
    runs: list[UpstreamRun] = []
    for _ in range(2 * MOST_RUNS):
        answer = SUPERVISOR_COMMS.send(msg=GetPreviousDagRun(dag_id=dag_id, logical_date=before))
        run = answer.dag_run if isinstance(answer, PreviousDagRunResult) else None
        if run is None or run.logical_date is None or len(runs) == MOST_RUNS:
            break
        before = run.logical_date
        state = str(getattr(run.state, "value", run.state))
        if state in _ENDED:
            failed = _failed_tasks(task_instance, dag_id, run.run_id) if state == "failed" else ()
            runs.append(UpstreamRun(run.run_id, state, run.start_date, failed_tasks=failed))
    return runs


def _failed_tasks(task_instance: Any, dag_id: str, run_id: str) -> tuple[str, ...]:
    states = task_instance.get_task_states(dag_id=dag_id, run_ids=[run_id]).get(run_id, {})
    return tuple(sorted(task for task, state in states.items() if state == "failed"))
