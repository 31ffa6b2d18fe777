"""Repairs rows on a copy."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.action import ActionOperator
from airmedic_core.records import Json


class RepairOperator(ActionOperator):
    """Undoes faults of the data on a copy of the rows, and has all checks look at the copy.

    Windows that are in order then leave the quarantine, as they were repaired.

    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result. ``let_in`` names the windows that
    may be used again.
    """

    path = "repair"

    def execute(self, context: Context) -> Json:
        """Carry out the proposal, and look at the windows again."""
        result = super().execute(context)
        with airflow_errors():
            from airmedic_core.incident_lifecycle import look_at_repaired

            let_in = look_at_repaired(open_workspace(self.model), self.proposal_hash, now=datetime.now(UTC))
        return {**result, "let_in": [batch.window.key for batch in let_in]}
