"""Tells people of an incident, and opens its ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json, from_json, to_json


class AnnounceOperator(ModelOperator):
    """Carries out, once for each incident, the actions that only tell people: messages and tickets.

    They need no approval, stand in the ledger with what became of them, and fail nothing: whatever goes wrong is in
    the task's log.

    Parameters
    ----------
    model : str
        Name of the model spec.
    incident_id : str
        The incident, which has been diagnosed.
    request : dict
        What a person asked for. In a dry run, or for a diagnosis only, the log says what would be told.

    Returns
    -------
    list of dict
        ``action``, ``status`` and ``summary`` of each.
    """

    template_fields: Sequence[str] = ("model", "incident_id", "request")

    def __init__(self, *, incident_id: str, request: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.request = request

    def execute(self, context: Context) -> list[Json]:
        """Tell people."""
        with airflow_errors():
            from airmedic_core.decide import Request
            from airmedic_core.execution import announce

            only_looks = from_json(Request, dict(self.request or {})).only_looks
            workspace = open_workspace(self.model)
            became = announce(workspace, self.incident_id, now=datetime.now(UTC), only_looks=only_looks)
        for told in became:
            self.log.info("%s is %s: %s", told.action, told.status, told.summary)
        return [to_json(told) for told in became]
