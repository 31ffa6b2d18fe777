"""Completes a deployment that has proved itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.switches import pool_of_changes
from airmedic.hooks.time_limits import time_limit
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json, to_json


class CompleteDeploymentOperator(ModelOperator):
    """Lets a version that was tried answer all rows, or does whatever else is left to do of a deployment.

    The approval of the deployment covers this. Where the audit chain does not hold that its watch found it healthy, as
    when somebody marked the watch as a success, the deployment is looked at once more, and left as it stands if it is
    not.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the deployment's proposal.

    Returns
    -------
    dict
        The result of the action. It is ``undone`` where the deployment could not be completed.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash")

    def __init__(self, *, proposal_hash: str, **kwargs: Any) -> None:
        super().__init__(**pool_of_changes() | time_limit("deploy") | kwargs)
        self.proposal_hash = proposal_hash

    def execute(self, context: Context) -> Json:
        """Complete the deployment."""
        with airflow_errors():
            from airmedic_core.execution import complete
            from airmedic_core.rollout import health

            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            if workspace.ledger.watched_as(proposal.hash) != "healthy":
                health_now = health(workspace, proposal, now=datetime.now(UTC))
                if health_now.status != "healthy":
                    reasons = " ".join(health_now.reasons)
                    raise AirflowFailException(f"The deployment is {health_now.status}: {reasons}")
            result = complete(workspace, proposal.hash, now=datetime.now(UTC))
        self.log.info(result.summary)
        return to_json(result)
