"""Asks the gate whether a challenger may replace the champion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BranchMixIn, Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.decide import PROPOSAL_HASH
from airmedic.operators.model import ModelOperator
from airmedic_core.records import to_json


class EvaluateGateOperator(ModelOperator, BranchMixIn):
    """Compares challenger and champion on rows that neither was trained on, and follows *passed* or *refused*.

    Whatever is not clearly passed is refused: an inconclusive comparison, and one that could not be made. Where the
    gate passes and the policy stops the deployment, there is no proposal to approve, and the deployment is skipped.

    Parameters
    ----------
    model : str
        Name of the model spec.
    incident_id : str
        The incident.
    proposal_hash : str
        Hash of the proposal that trained the challenger.
    branches : dict
        ``passed`` and ``refused`` → id of the task to follow.
    """

    template_fields: Sequence[str] = ("model", "incident_id", "proposal_hash")
    inherits_from_skipmixin = True

    def __init__(self, *, incident_id: str, proposal_hash: str, branches: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.proposal_hash = proposal_hash
        self.branches = branches

    def execute(self, context: Context) -> Any:
        """Evaluate. The result and the hash of the deployment it proposes are pushed as XComs."""
        with airflow_errors():
            from airmedic_core.execution import gate_challenger

            gate, deployment = gate_challenger(
                open_workspace(self.model), self.incident_id, self.proposal_hash, now=datetime.now(UTC)
            )
        self.log.info("%s: %s", gate.outcome, " ".join(gate.reasons))
        context["ti"].xcom_push("gate", to_json(gate))
        context["ti"].xcom_push(PROPOSAL_HASH, deployment.hash if deployment else "")
        return self.do_branch(context, self.branches["passed" if gate.outcome == "passed" else "refused"])
