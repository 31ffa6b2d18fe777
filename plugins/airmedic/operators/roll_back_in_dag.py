"""Lets a team's own DAG roll a model back that is in no registry."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException

from airmedic.operators.other_dag import OtherDagOperator
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class RollBackInDagOperator(OtherDagOperator):
    """Triggers the DAG of ``rollout: dag:<dag_id>`` and waits for its end.

    The run's conf has ``model``, ``version``, ``from_version``, ``incident_id`` and ``proposal_hash``. See
    :class:`~airmedic.operators.other_dag.OtherDagOperator` for parameters.
    """

    def order(self, workspace: Workspace) -> tuple[str, Json]:
        """Record the action, and return what was approved, whatever the spec says now."""
        from airmedic_core.actions import ACTIONS, Path
        from airmedic_core.execution import carry_out

        proposal = workspace.ledger.proposal(self.proposal_hash)
        if ACTIONS.member(proposal.action).path is not Path.ROLLBACK:
            raise AirflowFailException(f"A proposal to {proposal.action} rolls nothing back.")
        carry_out(workspace, self.proposal_hash, now=datetime.now(UTC))
        named = {key: proposal.params[key] for key in ("version", "from_version")}
        links = {"incident_id": proposal.incident_id, "proposal_hash": proposal.hash}
        return str(proposal.params["dag_id"]), {"model": proposal.model, **named, **links}
