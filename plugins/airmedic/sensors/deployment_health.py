"""Watches a deployment until it has proved itself, or has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseSensorOperator, BranchMixIn, Context, PokeReturnValue

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.decide import PROPOSAL_HASH

PROMOTION_HASH = "promotion_hash"
"""XCom: the question whether a version that is tried is promoted although nothing has shown how it does."""


class DeploymentHealthSensor(BaseSensorOperator, BranchMixIn):
    """Waits for the verdict on a deployment, and follows it.

    A version that is tried on a share of the rows gets the next larger one whenever it has earned it: the approval of
    the deployment covers that. A freeze, the policy or the approvers may hold it up: it then waits. Where nothing has
    shown, in time, how it does, people are asked whether it stays. A status without a branch skips all tasks
    downstream.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the deployment's proposal.
    branches : dict
        ``healthy``, ``unhealthy`` and ``inconclusive`` → id of the task to follow; ``undecided`` in place of
        ``inconclusive`` where a version is only tried, and may be promoted as well as taken back.

    Returns
    -------
    dict
        ``status``, ``reasons`` and ``seconds``. Pushed as XCom ``health`` too, since skipping tasks push no result.
        Where it is inconclusive, the XCom ``proposal_hash`` is the hash of the question whether to take it back, and
        ``promotion_hash`` that of the question whether to promote it all the same.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash")
    inherits_from_skipmixin = True

    def __init__(self, *, model: str, proposal_hash: str, branches: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.proposal_hash = proposal_hash
        self.branches = branches

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        with airflow_errors():
            from airmedic_core.errors import HeldUpError
            from airmedic_core.execution import advance, held_up, tell_again
            from airmedic_core.rollout import health

            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            watched = health(workspace, proposal, now=datetime.now(UTC))
            self.log.info("%s: %s", watched.status, " ".join(watched.reasons))
            if watched.status == "waiting" and (told := tell_again(workspace, proposal, now=datetime.now(UTC))):
                self.log.warning("%s", told)
            if watched.status == "next_step":
                try:
                    self.log.info(advance(workspace, proposal.hash, now=datetime.now(UTC)))
                except HeldUpError as error:
                    self.log.warning("%s", error)
            is_done = watched.status not in {"waiting", "next_step"}
            # What is healthy would be completed next.
            if watched.status == "healthy" and (why := held_up(workspace, proposal, now=datetime.now(UTC))):
                self.log.warning("It could be completed, and waits: %s", why)
                is_done = False
        verdict = {"status": watched.status, "reasons": list(watched.reasons), "seconds": watched.seconds}
        return PokeReturnValue(is_done=is_done, xcom_value=verdict)

    def execute(self, context: Context) -> Any:
        """Wait, then follow the verdict."""
        health = super().execute(context)
        with airflow_errors():
            workspace = open_workspace(self.model)
            workspace.ledger.record_watch(self.proposal_hash, health["status"], health["reasons"])
        context["ti"].xcom_push("health", health)
        status = health["status"]
        if status == "inconclusive" and status in self.branches and self._ask(context, health["reasons"]):
            status = "undecided"
        return self.do_branch(context, self.branches.get(status))

    def _ask(self, context: Context, reasons: Sequence[str]) -> bool:
        """Ask whether to take it back, and return whether it may be promoted instead."""
        with airflow_errors():
            from airmedic_core.execution import ask_to_promote, ask_to_take_back

            workspace, now = open_workspace(self.model), datetime.now(UTC)
            question = ask_to_take_back(workspace, self.proposal_hash, reasons, now=now)
            promotion = ask_to_promote(workspace, self.proposal_hash, reasons, now=now) if question else None
        context["ti"].xcom_push(PROPOSAL_HASH, question.hash if question else "")
        context["ti"].xcom_push(PROMOTION_HASH, promotion.hash if promotion else "")
        return promotion is not None and promotion.permission.people > 0 and "undecided" in self.branches
