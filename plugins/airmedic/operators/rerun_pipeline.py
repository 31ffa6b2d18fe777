"""Starts the pipeline that delivers a model's data once more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace


class RerunPipelineOperator(TriggerDagRunOperator):
    """Triggers the DAG that the spec names as ``upstream_dag``, once for each approved proposal.

    The triggered run gets ``window_start``, ``window_end`` and ``incident_id`` as its conf.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the proposal.
    upstream_dag : str
        Id of the DAG.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash", *TriggerDagRunOperator.template_fields)

    def __init__(self, *, model: str, proposal_hash: str, upstream_dag: str, **kwargs: Any) -> None:
        super().__init__(
            trigger_dag_id=upstream_dag,
            logical_date=None,
            skip_when_already_exists=True,
            openlineage_inject_parent_info=False,
            **kwargs,
        )
        self.model = model
        self.proposal_hash = proposal_hash

    def execute(self, context: Context) -> None:
        """Record the action, then trigger the DAG."""
        with airflow_errors():
            from airmedic_core.actions import carry_out

            workspace = open_workspace(self.model)
            proposal = workspace.ledger.proposal(self.proposal_hash)
            if proposal.action != "rerun_pipeline":
                raise AirflowFailException(f"A proposal to {proposal.action} reruns no pipeline.")
            carry_out(workspace, self.proposal_hash, now=datetime.now(UTC))
            window = workspace.ledger.incident(proposal.incident_id).window
        # What was approved, whatever the spec says by now.
        self.trigger_dag_id = proposal.params["dag_id"]
        # One run for one proposal, however often this task runs.
        self.trigger_run_id = f"airmedic__{self.proposal_hash[:16]}"
        self.conf = {
            "window_start": window.start.isoformat(),
            "window_end": window.end.isoformat(),
            "incident_id": proposal.incident_id,
        }
        super().execute(context)
