"""Undoes a deployment that did not prove itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.switches import pool_of_changes
from airmedic.hooks.time_limits import time_limit
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic.people_notifier import tell
from airmedic_core.notifiers import Event
from airmedic_core.records import Json, to_json


class UndoDeploymentOperator(ModelOperator):
    """Goes back to the version that served before.

    The approval of the deployment covers this. Where the audit chain does not hold that its watch found it unhealthy,
    as when somebody marked the watch as a success or edited an XCom, the deployment is looked at once more, and left in
    place if nothing speaks against it.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the deployment's proposal.

    Returns
    -------
    dict
        The result of the action.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash")

    def __init__(self, *, proposal_hash: str, **kwargs: Any) -> None:
        super().__init__(**pool_of_changes() | time_limit("deploy") | kwargs)
        self.proposal_hash = proposal_hash

    def execute(self, context: Context) -> Json:
        """Undo the deployment."""
        with airflow_errors():
            from airmedic_core.actions import ACTIONS, Path
            from airmedic_core.execution import undo
            from airmedic_core.rollout import health

            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            path = ACTIONS.member(proposal.action).path
            if path is not Path.DEPLOY:
                raise AirflowFailException(f"{proposal.action} is no deployment: its path is {path.value!r}.")
            if workspace.ledger.watched_as(proposal.hash) != "unhealthy":
                health_now = health(workspace, proposal, now=datetime.now(UTC))
                if health_now.status != "unhealthy":
                    raise AirflowSkipException("Nothing speaks against the deployment; it is left in place.")
            result = undo(workspace, self.proposal_hash, now=datetime.now(UTC))
            incident = workspace.ledger.incident(proposal.incident_id)
        headline = f"The deployment of {self.model} is undone"
        tell(workspace.spec, headline, result.summary, event=Event.DEPLOYMENT_UNDONE, incident=incident)
        return to_json(result)
