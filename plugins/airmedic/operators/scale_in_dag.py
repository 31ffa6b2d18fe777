"""Adds capacity by a DAG of the team's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.further_runs import start_run
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.action_in_dag import ActionInDagOperator
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.records import Proposal


class ScaleInDagOperator(ActionInDagOperator):
    """Triggers the DAG that the spec names as ``scale.dag``, and waits for its end.

    The run's conf has ``model``, ``add``, ``least``, ``most``, ``incident_id`` and ``proposal_hash``. If it fails, the
    action counts as undone, and the DAG of ``scale.undo_dag`` is started with the same conf. How long the DAG may take
    says its own ``dagrun_timeout``. See :class:`~airmedic.operators.other_dag.OtherDagOperator` for parameters.
    """

    path = "scale"

    def conf_of(self, proposal: Proposal) -> Json:
        """Say how many replicas are to be added, and within which bounds."""
        bounds = {key: proposal.params[key] for key in ("add", "least", "most")}
        return {
            "model": proposal.model,
            **bounds,
            "incident_id": proposal.incident_id,
            "proposal_hash": proposal.hash,
        }

    def execute_complete(self, context: Context, event: tuple[str, Json]) -> None:
        """Take back what a run that has failed may have done."""
        try:
            super().execute_complete(context, event)
        except AirflowFailException as error:
            undo_dag = self._take_back()
            by = f"{undo_dag} is started to take back what it did" if undo_dag else "nothing takes back what it did"
            # To clear its run, as with other DAGs, would carry out what counts as undone.
            raise AirflowFailException(
                f"The run {self.trigger_run_id} of {event[1]['dag_id']} has failed. The action counts as undone, and "
                f"{by}. It is not carried out again: decide again."
            ) from error

    def _take_back(self) -> str:
        with airflow_errors():
            from airmedic_core.execution import undo

            workspace = open_workspace(self.model)
            result = undo(workspace, self.proposal_hash, now=datetime.now(UTC))
            proposal = workspace.ledger.proposal(self.proposal_hash)
        self.log.warning("%s", result.summary)
        if undo_dag := str(proposal.params["undo_dag"]):
            start_run(undo_dag, f"airmedic__undo__{self.proposal_hash[:16]}", self.conf_of(proposal))
        return undo_dag
