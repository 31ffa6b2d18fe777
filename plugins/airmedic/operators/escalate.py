"""Leaves an incident to people."""

from __future__ import annotations

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.action import ActionOperator
from airmedic.people_notifier import tell
from airmedic_core.notifiers import Event
from airmedic_core.records import Json


class EscalateOperator(ActionOperator):
    """Records that people have to look, and tells them why.

    See :class:`~airmedic.operators.action.ActionOperator` for parameters and result.
    """

    path = "escalate"

    def execute(self, context: Context) -> Json:
        """Escalate."""
        result = super().execute(context)
        with airflow_errors():
            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            incident = workspace.ledger.incident(proposal.incident_id)
        headline = f"Somebody has to look at {self.model}"
        tell(workspace.spec, headline, proposal.reason, incident.id, event=Event.ESCALATED, incident=incident)
        return result
