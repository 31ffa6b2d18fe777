"""Records that a batch is healthy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Batch, from_json


class RecordHealthyOperator(ModelOperator):
    """Counts a healthy batch in favour of whatever healed the model last, and lifts a quarantine of its rows.

    Parameters
    ----------
    model : str
        Name of the model spec.
    batch : dict
        The batch.
    """

    template_fields: Sequence[str] = ("model", "batch")

    def __init__(self, *, batch: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch

    def execute(self, context: Context) -> None:
        """Record it."""
        with airflow_errors():
            from airmedic_core.incidents import lift_quarantine, note_healthy

            workspace, batch = open_workspace(self.model), from_json(Batch, self.batch)
            note_healthy(workspace, batch)
            if lift_quarantine(workspace, batch):
                self.log.info("The rows of %s are sound now and no longer quarantined.", batch.window)
