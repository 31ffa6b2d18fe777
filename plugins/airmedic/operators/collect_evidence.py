"""Collects the evidence of an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.upstream import upstream_runs
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json, from_json


class CollectEvidenceOperator(ModelOperator):
    """Puts together everything a diagnosis may rest on, with the last runs of the spec's ``upstream_dag``.

    Parameters
    ----------
    model : str
        Name of the model spec.
    incident_id : str
        The incident. Empty where a person started the run without one: then an incident is opened for the request.
    request : dict
        Who asks for what: ``action``, ``reason``, ``by``, ``dry_run``.

    Returns
    -------
    dict
        ``incident_id``, number of ``items`` of evidence, and ``gaps``. ``incident_id`` is an XCom of its own too.
    """

    template_fields: Sequence[str] = ("model", "incident_id", "request")

    def __init__(self, *, incident_id: str = "", request: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.request = request

    def execute(self, context: Context) -> Json:
        """Collect the evidence."""
        with airflow_errors():
            from airmedic_core.decide import Request
            from airmedic_core.diagnose import collect_evidence
            from airmedic_core.incident_lifecycle import request_incident

            workspace = open_workspace(self.model)
            incident_id = self.incident_id
            if not incident_id:
                request = from_json(Request, dict(self.request or {}))
                incident_id = request_incident(workspace, request, context["run_id"], now=datetime.now(UTC)).id
            # Whatever happens to the evidence, the incident has to be closed.
            context["ti"].xcom_push("incident_id", incident_id)
            dag = workspace.spec.upstream_dag
            runs = upstream_runs(context["ti"], dag) if dag else None
            packet = collect_evidence(workspace, incident_id, upstream=runs)
        for item in packet.items:
            self.log.info("%s %s", item.id, item.statement)
        return {"incident_id": incident_id, "items": len(packet.items), "gaps": list(packet.gaps)}
