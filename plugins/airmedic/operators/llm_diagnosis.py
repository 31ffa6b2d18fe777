"""Diagnoses an incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.language_model import language_model
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json


class LLMDiagnosisOperator(ModelOperator):
    """Says what caused an incident, by rules and, where the connection exists, by Claude as well.

    Both answers are kept. A language model that does not answer, answers late or cannot prove what it says never fails
    the task: the rules' answer stands.

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

    def __init__(self, *, incident_id: str, anthropic_connection: str = "anthropic", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.anthropic_connection = anthropic_connection

    def execute(self, context: Context) -> Json:
        """Diagnose the incident."""
        with airflow_errors():
            from airmedic_core.diagnose import diagnose

            model = language_model(self.anthropic_connection)
            diagnosis = diagnose(open_workspace(self.model), self.incident_id, model)
        self.log.info("%s (%.0f %%): %s", diagnosis.cause, 100 * diagnosis.confidence, diagnosis.summary)
        return {
            "cause": str(diagnosis.cause),
            "confidence": diagnosis.confidence,
            "severity": str(diagnosis.severity),
            "summary": diagnosis.summary,
            "engine": diagnosis.engine,
            "actions": [action.action for action in diagnosis.actions],
        }
