"""Watches a deployment until it has proved itself, or has not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import BaseSensorOperator, Context, PokeReturnValue, SkipMixin

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace


class DeploymentHealthSensor(BaseSensorOperator, SkipMixin):
    """Waits for the verdict on a deployment. If it is healthy, the tasks downstream, which undo it, are skipped.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the deployment's proposal.

    Returns
    -------
    dict
        ``status``, ``reasons`` and ``seconds``. Pushed as XCom ``health`` too, since skipping tasks push no result.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash")
    inherits_from_skipmixin = True

    def __init__(self, *, model: str, proposal_hash: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.proposal_hash = proposal_hash

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        with airflow_errors():
            from airmedic_core.rollout import health

            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            found = health(workspace, proposal, now=datetime.now(UTC))
        self.log.info("%s: %s", found.status, " ".join(found.reasons))
        verdict = {"status": found.status, "reasons": list(found.reasons), "seconds": found.seconds}
        return PokeReturnValue(is_done=found.status != "waiting", xcom_value=verdict)

    def execute(self, context: Context) -> Any:
        """Wait, then skip what undoes a healthy deployment."""
        health = super().execute(context)
        context["ti"].xcom_push("health", health)
        if health["status"] == "healthy":
            self.skip(context["ti"], context["task"].get_direct_relatives(upstream=False))
        return health
