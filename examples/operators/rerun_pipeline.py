"""Has a pipeline of your own deliver a window again, once that is approved, and the window looked at again."""

from __future__ import annotations

from airflow.sdk import DAG, Param, get_current_context, task

from airmedic.operators.rerun_pipeline import RerunPipelineOperator

with DAG("deliver_orders", schedule=None, is_paused_upon_creation=False, doc_md="Delivers the rows of a window."):

    @task
    def deliver() -> dict:
        """Deliver the rows of the window that the conf names."""
        conf = get_current_context()["dag_run"].conf
        return {"from": conf["window_start"], "to": conf["window_end"]}

    deliver()

with DAG(
    "example_rerun_pipeline",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    RerunPipelineOperator(
        task_id="rerun_pipeline",
        model="orders",
        proposal_hash="{{ params.proposal_hash }}",
        other_dag="deliver_orders",
    )
