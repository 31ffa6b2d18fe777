"""Links from Airflow's task page to MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

MLFLOW_URL = "mlflow_url"
"""XCom key under which an operator leaves the address of its MLflow run."""


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
