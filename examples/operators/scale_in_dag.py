"""Adds replicas by the DAG that the spec names, and waits for its end."""

from __future__ import annotations

from airflow.sdk import DAG, Param, get_current_context, task

from airmedic.operators.scale_in_dag import ScaleInDagOperator

PROPOSAL = "{{ params.proposal_hash }}"

with DAG("grow", schedule=None, is_paused_upon_creation=False, doc_md="Adds replicas."):

    @task
    def add_replicas() -> dict:
        """Add as many as the conf says, within its bounds."""
        conf = get_current_context()["dag_run"].conf
        return {"add": conf["add"], "most": conf["most"]}

    add_replicas()

with DAG(
    "example_scale_in_dag",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    scale = ScaleInDagOperator(task_id="scale", model="orders", proposal_hash=PROPOSAL, other_dag="grow")
