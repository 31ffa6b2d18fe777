"""Opens an incident."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.notifiers.people import tell
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Batch, Json, from_json


class OpenIncidentOperator(ModelOperator):
    """Opens an incident for a batch, or attaches the batch to the one that is open.

    Parameters
    ----------
    model : str
        Name of the model spec.
    batch : dict
        The batch.

    Returns
    -------
    dict
        ``incident_id``, ``state``, ``severity``, ``cause``, ``headline``.
    """

    template_fields: Sequence[str] = ("model", "batch")

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch

    def execute(self, context: Context) -> Json:
        """Open the incident and tell people."""
        with airflow_errors():
            from airmedic_core.incidents import open_incident

            workspace = open_workspace(self.model)
            incident = open_incident(workspace, from_json(Batch, self.batch), now=datetime.now(UTC))
        tell(workspace.spec, f"{incident.severity} incident of {self.model}: {incident.headline}", incident.id)
        return {
            "incident_id": incident.id,
            "state": str(incident.state),
            "severity": str(incident.severity),
            "cause": str(incident.cause),
            "headline": incident.headline,
        }
