"""Records that a batch is healthy."""

from __future__ import annotations

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.batch import BatchOperator
from airmedic_core.records import Batch, from_json


class RecordHealthyOperator(BatchOperator):
    """Counts a healthy batch in favour of whatever healed the model last, and lifts a quarantine of its rows.

    See :class:`~airmedic.operators.batch.BatchOperator` for parameters.
    """

    def execute(self, context: Context) -> None:
        """Record it."""
        with airflow_errors():
            from airmedic_core.incident_lifecycle import lift_quarantine, note_healthy

            workspace, batch = open_workspace(self.model), from_json(Batch, self.batch)
            note_healthy(workspace, batch)
            if lift_quarantine(workspace, batch):
                self.log.info("The rows of %s are sound now and no longer quarantined.", batch.window)
