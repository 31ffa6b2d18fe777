"""Decides what to do about an incident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BranchMixIn, Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.model import ModelOperator
from airmedic_core.records import from_json

PROPOSAL_HASH = "proposal_hash"
"""XCom key under which an operator leaves the hash of what it proposes."""
DEPLOYMENT_HASH = "deployment_hash"
"""XCom key of a deployment that is asked about again, because its alarm went quiet before it began."""
REPAIR_HASH = "repair_hash"
"""XCom key of a repair: what was decided, or what may follow a quarantine."""
FOLLOW_UP_HASH = "follow_up_hash"
"""XCom key of another proposal for after the first: to rerun the pipeline that delivered a quarantined batch."""


class DecideOperator(ModelOperator, BranchMixIn):
    """Chooses the action that policy and limits allow, proposes it, and follows its path.

    Parameters
    ----------
    model : str
        Name of the model spec.
    incident_id : str
        The incident, which has been diagnosed.
    branches : dict
        Path, such as ``change`` (see :class:`airmedic_core.actions.Path`) → id of the first task of its wiring.
    request : dict
        What a person asked for: ``action``, ``reason``, ``by``, ``dry_run``. Empty for nothing in particular.
    """

    template_fields: Sequence[str] = ("model", "incident_id", "request")
    inherits_from_skipmixin = True

    def __init__(
        self, *, incident_id: str, branches: Mapping[str, str], request: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.incident_id = incident_id
        self.branches = branches
        self.request = request

    def execute(self, context: Context) -> Any:
        """Decide. XComs: ``reason``, and the hashes of what is proposed."""
        with airflow_errors():
            from airmedic_core.actions import ACTIONS, Path
            from airmedic_core.decide import Request, decide

            request = from_json(Request, dict(self.request or {}))
            decision = decide(open_workspace(self.model), self.incident_id, request, now=datetime.now(UTC))
        self.log.info("%s: %s", decision.path.value, decision.reason)
        for skipped in decision.skipped:
            self.log.info("Not chosen: %s", skipped)
        context["ti"].xcom_push("reason", decision.reason)
        context["ti"].xcom_push(PROPOSAL_HASH, decision.proposal.hash if decision.proposal else "")
        deployment = decision.proposal.hash if decision.proposal and decision.path is Path.DEPLOY else ""
        context["ti"].xcom_push(DEPLOYMENT_HASH, deployment)
        repair = decision.proposal.hash if decision.proposal and decision.path is Path.REPAIR else ""
        follow_up = decision.follow_up.hash if decision.follow_up else ""
        if decision.follow_up and ACTIONS.member(decision.follow_up.action).path is Path.REPAIR:
            repair, follow_up = follow_up, ""
        context["ti"].xcom_push(REPAIR_HASH, repair)
        context["ti"].xcom_push(FOLLOW_UP_HASH, follow_up)
        return self.do_branch(context, self.branches[decision.path.value])
