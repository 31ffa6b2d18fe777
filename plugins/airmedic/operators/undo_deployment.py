"""Undoes a deployment that did not prove itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.notifiers.people import tell
from airmedic.operators.model import ModelOperator
from airmedic_core.records import Json, to_json


class UndoDeploymentOperator(ModelOperator):
    """Goes back to the version that served before.

    Its approval came with the deployment's: what does not prove itself is undone.

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
        super().__init__(**kwargs)
        self.proposal_hash = proposal_hash

    def execute(self, context: Context) -> Json:
        """Undo the deployment."""
        with airflow_errors():
            from airmedic_core.actions import undo

            workspace = open_workspace(self.model)
            result = undo(workspace, self.proposal_hash, now=datetime.now(UTC))
        tell(workspace.spec, f"The deployment of {self.model} is undone", result.summary)
        return to_json(result)
