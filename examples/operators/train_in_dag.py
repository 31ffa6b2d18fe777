"""Has a DAG of your own train the challenger. `RetrainOperator` takes the version over afterwards."""

from __future__ import annotations

from airflow.sdk import DAG, Param, get_current_context, task

from airmedic.operators.train_in_dag import TrainInDagOperator

with DAG("train_orders", schedule=None, is_paused_upon_creation=False, doc_md="Trains and registers a challenger."):

    @task
    def train() -> dict:
        """Train on the rows that the conf names, register the version, and give it the tag of the conf."""
        order = get_current_context()["dag_run"].conf
        return {"rows": [order["window_start"], order["train_until"]], "tag": order["tag"]}

    train()

with DAG(
    "example_train_in_dag",
    schedule=None,
    doc_md=__doc__,
    params={"proposal_hash": Param("", type="string", title="Hash of the proposal")},
):
    TrainInDagOperator(
        task_id="train_in_dag",
        model="orders",
        proposal_hash="{{ params.proposal_hash }}",
        other_dag="train_orders",
    )
