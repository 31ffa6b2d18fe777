"""Has a DAG of your own roll back a model that is in no registry."""

from __future__ import annotations

from airflow.sdk import DAG, Param, get_current_context, task

from airmedic.operators.roll_back_in_dag import RollBackInDagOperator

with DAG(
    "roll_orders_back", schedule=None, is_paused_upon_creation=False, doc_md="Puts an earlier version into service."
):

    @task
    def roll_back() -> dict:
        """Put the version that the conf names into service."""
        conf = get_current_context()["dag_run"].conf
        return {"from": conf["from_version"], "to": conf["version"]}

    roll_back()

with DAG(
    "example_roll_back_in_dag",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    RollBackInDagOperator(
        task_id="roll_back_in_dag",
        model="orders",
        proposal_hash="{{ params.proposal_hash }}",
        other_dag="roll_orders_back",
    )
