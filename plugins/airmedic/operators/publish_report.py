"""Publishes the report of a batch in MLflow."""

from __future__ import annotations

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.links import MLFLOW_URL, MLflowRunLink, run_url
from airmedic.operators.batch import BatchOperator
from airmedic_core.records import Batch, Json, from_json


class PublishReportOperator(BatchOperator):
    """Writes metrics, findings and, where there is something to look at, the Evidently report of a batch to MLflow.

    See :class:`~airmedic.operators.batch.BatchOperator` for parameters.

    Returns
    -------
    dict
        ``run_id`` and ``url`` of the MLflow run.
    """

    operator_extra_links = (MLflowRunLink(),)

    def execute(self, context: Context) -> Json:
        """Publish the report."""
        with airflow_errors():
            from airmedic_core.monitor import publish_report

            batch = from_json(Batch, self.batch)
            report = publish_report(open_workspace(self.model), batch, airflow_url=run_url(context))
        context["ti"].xcom_push(MLFLOW_URL, report.url)
        return {"run_id": report.run_id, "url": report.url}
