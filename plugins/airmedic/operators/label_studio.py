"""Hands out rows to be labelled in Label Studio, and takes the labels back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.label_studio import LabelStudio
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json


class LabelStudioOperator(ModelOperator):
    """Makes tasks of the rows that people were asked to label, and takes back what they have answered.

    For a DAG of the team's own that runs as often as labels shall be looked for. Run again, it makes no task twice and
    records no label twice.

    Parameters
    ----------
    model : str
        Name of the model spec.
    connection : str
        The Airflow connection of Label Studio; see :class:`~airmedic.hooks.label_studio.LabelStudio`.

    Returns
    -------
    dict
        ``handed_out`` and ``taken``, numbers of rows, and ``incident_ids``: the incidents that were diagnosed anew.
    """

    template_fields: Sequence[str] = ("model", "connection")

    def __init__(self, *, connection: str = "label_studio", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.connection = connection

    def execute(self, context: Context) -> Json:
        """Hand out and take back."""
        with airflow_errors():
            from airmedic_core.returned_labels import rows_to_label, take_new_labels

            ws = open_workspace(self.model)
            studio = LabelStudio(self.connection)
            made = sum(studio.hand_out(rows, request=request) for request, rows in rows_to_label(ws).items())
            taken = take_new_labels(ws, studio.answers(), by="label_studio", now=datetime.now(UTC))
        return {
            "handed_out": made,
            "taken": sum(window.count for window in taken),
            "incident_ids": [window.incident_id for window in taken if window.incident_id],
        }
