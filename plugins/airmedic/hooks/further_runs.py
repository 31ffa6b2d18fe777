"""Starts runs for the windows that one run cannot look at."""

from __future__ import annotations

from airmedic_core.records import Json


def start_run(dag_id: str, run_id: str, conf: Json) -> None:
    """Start a run of a DAG; one of this id that is there already is left alone.

    ``TriggerDagRunOperator`` starts one run and ends its task with it. This is the message that it sends.

    Parameters
    ----------
    dag_id : str
        The DAG.
    run_id : str
        The run: the same after a retry.
    conf : dict
        Its parameters.

    Raises
    ------
    AirflowRuntimeError
        If Airflow does not start it. A retry helps where it did not answer.
    """
    from airflow.sdk.execution_time.comms import TriggerDagRun
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    SUPERVISOR_COMMS.send(msg=TriggerDagRun(dag_id=dag_id, run_id=run_id, conf=conf))
