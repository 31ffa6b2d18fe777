"""Lets a team's own DAG train the challenger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airmedic.operators.other_dag import OtherDagOperator
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class TrainInDagOperator(OtherDagOperator):
    """Triggers the DAG of ``retrain: dag:<dag_id>`` and waits for its end.

    The run's conf says what to train on and how to register the version: see
    :func:`airmedic_core.training.order.training_order`. ``RetrainOperator`` then takes that version over. See
    :class:`~airmedic.operators.other_dag.OtherDagOperator` for parameters.
    """

    def order(self, workspace: Workspace) -> tuple[str, Json]:
        """Return what to train on."""
        from airmedic_core.decide.recheck import require_permitted
        from airmedic_core.training.order import training_order

        now = datetime.now(UTC)
        # Training may take hours: what no longer holds is found out before it, and once more when it is taken over.
        require_permitted(workspace, workspace.ledger.proposal(self.proposal_hash), now=now)
        return self.trigger_dag_id, training_order(workspace, self.proposal_hash, now=now)
