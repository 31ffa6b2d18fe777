"""Lets a team's own DAG train the challenger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace


class TrainInDagOperator(TriggerDagRunOperator):
    """Triggers the DAG of ``retrain: dag:<dag_id>`` and waits for its end, once for each approved proposal.

    The run's conf says what to train on and how to register the version:
    see :func:`airmedic_core.training.order.training_order`. ``RetrainOperator`` then takes that version over.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the approved proposal to retrain.
    training_dag : str
        Id of the DAG.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash", *TriggerDagRunOperator.template_fields)

    def __init__(self, *, model: str, proposal_hash: str, training_dag: str, **kwargs: Any) -> None:
        super().__init__(
            trigger_dag_id=training_dag,
            logical_date=None,
            # A retry trains again: what was cut off may have left half a version.
            reset_dag_run=True,
            wait_for_completion=True,
            deferrable=True,
            poke_interval=10,
            openlineage_inject_parent_info=False,
            **kwargs,
        )
        self.model = model
        self.proposal_hash = proposal_hash

    def execute(self, context: Context) -> None:
        """Trigger the training."""
        with airflow_errors():
            from airmedic_core.training.order import training_order

            self.conf = training_order(open_workspace(self.model), self.proposal_hash, now=datetime.now(UTC))
        self.trigger_run_id = f"airmedic__{self.proposal_hash[:16]}"
        super().execute(context)
