"""Diagnoses an incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.language_model import language_model
from airmedic.hooks.workspace import open_workspace
from airmedic.links import MLFLOW_URL, MLflowRunLink, run_url
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json


class LLMDiagnosisOperator(ModelOperator):
    """Says what caused an incident, by rules and, where the connection exists, by Claude as well.

    Both answers are kept. A language model that does not answer, answers late or cannot prove what it says never fails
    the task: the rules' answer stands. The incident's report in MLflow is published.

    Parameters
    ----------
    model : str
        Name of the model spec.
    incident_id : str
        The incident, whose evidence has been collected.
    anthropic_connection : str
        Id of the connection to a language model. Without it only the rules diagnose.

    Returns
    -------
    dict
        ``cause``, ``confidence``, ``severity``, ``summary``, ``engine`` and ``actions`` of the diagnosis that stands.
    """

    template_fields: Sequence[str] = ("model", "incident_id", "anthropic_connection")
    operator_extra_links = (MLflowRunLink(),)

    def __init__(self, *, incident_id: str, anthropic_connection: str = "anthropic", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.anthropic_connection = anthropic_connection

    def execute(self, context: Context) -> Json:
        """Diagnose the incident."""
        with airflow_errors():
            from airmedic_core.diagnose import diagnose
            from airmedic_core.reports import incident_report

            workspace = open_workspace(self.model)
            diagnosis = diagnose(workspace, self.incident_id, language_model(self.anthropic_connection))
            # Published now, so that the people who are asked for an approval can look at all of it.
            report = incident_report(workspace, self.incident_id, airflow_url=run_url(context))
        context["ti"].xcom_push(MLFLOW_URL, report.url)
        self.log.info("%s (%.0f %%): %s", diagnosis.cause, 100 * diagnosis.confidence, diagnosis.summary)
        return {
            "cause": str(diagnosis.cause),
            "confidence": diagnosis.confidence,
            "severity": str(diagnosis.severity),
            "summary": diagnosis.summary,
            "engine": diagnosis.engine,
            "actions": [action.action for action in diagnosis.actions],
        }
