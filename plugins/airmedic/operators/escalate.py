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
    """Records that people have to look, tells them why, and records which ways have taken that.

    Where the spec names ways and none has taken it, people are told anew with the next window that shows the problem.

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
        took = tell(workspace.spec, headline, proposal.reason, incident.id, event=Event.ESCALATED, incident=incident)
        arrived = [way for way in took if way in workspace.spec.notify]
        with airflow_errors():
            for way in arrived:
                workspace.ledger.record_message(proposal.hash, way, "sent")
        if workspace.spec.notify and not arrived:
            self.log.warning("No way that the spec names has taken it: people are told anew while the problem lasts.")
        return result
