"""Undoes a deployment that did not prove itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowSkipException

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

    The approval of the deployment covers this. Where the watch did not find it unhealthy, as when somebody marked the
    watch as a success, the deployment is looked at once more, and left in place if nothing speaks against it.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the deployment's proposal.
    watched_by : str
        Id of the task that watched it.

    Returns
    -------
    dict
        The result of the action.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash")

    def __init__(self, *, proposal_hash: str, watched_by: str, **kwargs: Any) -> None:
        super().__init__(**pool_of_changes() | time_limit("deploy") | kwargs)
        self.proposal_hash = proposal_hash
        self.watched_by = watched_by

    def execute(self, context: Context) -> Json:
        """Undo the deployment."""
        with airflow_errors():
            from airmedic_core.execution import undo
            from airmedic_core.rollout import health

            workspace = open_workspace(self.model)
            watched = context["ti"].xcom_pull(task_ids=self.watched_by, key="health") or {}
            if watched.get("status") != "unhealthy":
                health_now = health(workspace, workspace.ledger.proposal(self.proposal_hash), now=datetime.now(UTC))
                if health_now.status != "unhealthy":
                    raise AirflowSkipException("Nothing speaks against the deployment; it is left in place.")
            result = undo(workspace, self.proposal_hash, now=datetime.now(UTC))
        headline = f"The deployment of {self.model} is undone"
        tell(workspace.spec, headline, result.summary, event=Event.DEPLOYMENT_UNDONE)
        return to_json(result)
