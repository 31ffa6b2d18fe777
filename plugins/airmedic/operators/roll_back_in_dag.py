"""Lets a team's own DAG roll a model back that is in no registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic.operators.action_in_dag import ActionInDagOperator
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.records import Proposal


class RollBackInDagOperator(ActionInDagOperator):
    """Triggers the DAG of ``rollout: dag:<dag_id>`` and waits for its end.

    The run's conf has ``model``, ``version``, ``from_version``, ``incident_id`` and ``proposal_hash``. See
    :class:`~airmedic.operators.other_dag.OtherDagOperator` for parameters.
    """

    path = "rollback"

    def conf_of(self, proposal: Proposal) -> Json:
        """Name the version to go back to."""
        named = {key: proposal.params[key] for key in ("version", "from_version")}
        links = {"incident_id": proposal.incident_id, "proposal_hash": proposal.hash}
        return {"model": proposal.model, **named, **links}
