"""Tells people what could be done, and does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic.people_notifier import tell
from airmedic_core.notifiers import Event


class RecommendOperator(ModelOperator):
    """Passes the decision on to people. Used where the policy allows no more, and for a dry run.

    Where people have the problem in their hands already, that stands in the task's log and nobody is told again.

    Parameters
    ----------
    model : str
        Name of the model spec.
    incident_id : str
        The incident.
    reason : str
        What was decided, and why.
    headline : str
        The first line of the message.
    """

    template_fields: Sequence[str] = ("model", "incident_id", "reason", "headline")

    def __init__(self, *, incident_id: str, reason: str, headline: str = "Recommendation", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.reason = reason
        self.headline = headline

    def execute(self, context: Context) -> str:
        """Tell people."""
        with airflow_errors():
            workspace = open_workspace(self.model)
            from airmedic_core.decide.handed_over import ended_without_a_word

            incident = workspace.ledger.incident(self.incident_id)
            known = ended_without_a_word(workspace, self.incident_id)
        if known:
            self.log.info("%s", self.reason)
            return self.reason
        headline = f"{self.headline} for {self.model}, incident {self.incident_id}"
        tell(workspace.spec, headline, self.reason, event=Event.RECOMMENDED, incident=incident)
        return self.reason
