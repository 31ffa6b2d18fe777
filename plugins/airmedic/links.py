"""Links between Airflow's pages and MLflow's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink, Context
from airflow.sdk.configuration import conf

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

MLFLOW_URL = "mlflow_url"
"""XCom key under which an operator leaves the address of its MLflow run."""


_PAGE = "plugin/model-health"
"""Path of Airmedic's page in Airflow, as the plugin registers it."""


def run_url(context: Context) -> str:
    """Return the address of this DAG run's page, for the MLflow run that links back to it."""
    run = context["dag_run"]
    base = conf.get("api", "base_url", fallback="http://localhost:8080/")
    return f"{base.rstrip('/')}/dags/{run.dag_id}/runs/{quote(run.run_id)}"


def question_url(context: Context) -> str:
    """Return the address at which the question of this task is read and answered."""
    return f"{run_url(context)}/tasks/{context['ti'].task_id}/required_actions"


def incident_url(incident_id: str) -> str:
    """Return the address at which an incident is read, with its evidence."""
    base = conf.get("api", "base_url", fallback="http://localhost:8080/")
    return f"{base.rstrip('/')}/{_PAGE}#/incidents/{quote(incident_id, safe='')}"


class MLflowRunLink(BaseOperatorLink):
    """Button *MLflow* on the task's page: the run that the task reported to."""

    name = "MLflow"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Return the address that the task left behind, or nothing.

        Parameters
        ----------
        operator : BaseOperator
            The task's operator; not used.
        ti_key : TaskInstanceKey
            The task instance.
        """
        from airflow.sdk.execution_time.xcom import XCom

        return XCom.get_value(ti_key=ti_key, key=MLFLOW_URL) or ""
