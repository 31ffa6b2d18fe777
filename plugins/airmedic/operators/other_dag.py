"""The base of the operators that have a DAG of the team's own do a part of the work."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.switches import pool_of_changes
from airmedic.hooks.workspace import open_workspace
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class OtherDagOperator(TriggerDagRunOperator):
    """Triggers a DAG for an approved proposal and waits for its end, without a worker slot.

    One proposal makes one run, however often this task runs: a retry waits for the run that is there. A run that has
    failed is not started again, for its own tasks had their retries.

    Parameters
    ----------
    model : str
        Name of the model spec.
    proposal_hash : str
        Hash of the approved proposal.
    other_dag : str
        Id of the DAG, as the spec names it.
    """

    template_fields: Sequence[str] = ("model", "proposal_hash", *TriggerDagRunOperator.template_fields)

    def __init__(self, *, model: str, proposal_hash: str, other_dag: str, **kwargs: Any) -> None:
        super().__init__(
            trigger_dag_id=other_dag,
            logical_date=None,
            wait_for_completion=True,
            deferrable=True,
            poke_interval=5,
            # A run of a paused DAG would be waited for until somebody notices.
            fail_when_dag_is_paused=True,
            openlineage_inject_parent_info=False,
            **pool_of_changes() | kwargs,
        )
        self.model = model
        self.proposal_hash = proposal_hash

    @abstractmethod
    def order(self, workspace: Workspace) -> tuple[str, Json]:
        """Check the approval, and return the id of the DAG with the conf of its run."""

    def execute(self, context: Context) -> None:
        """Trigger the DAG, or wait for the run that was triggered before."""
        with airflow_errors():
            self.trigger_dag_id, self.conf = self.order(open_workspace(self.model))
        self.trigger_run_id = f"airmedic__{self.proposal_hash[:16]}"
        if context["ti"].get_dr_count(dag_id=self.trigger_dag_id, run_ids=[self.trigger_run_id]):
            self._wait()
        super().execute(context)

    def execute_complete(self, context: Context, event: tuple[str, Json]) -> None:
        """Say how the run ended.

        Raises
        ------
        AirflowFailException
            If it failed. A retry does not help.
        """
        try:
            super().execute_complete(context, event)
        except AirflowException as error:
            dag_id = event[1]["dag_id"]
            raise AirflowFailException(
                f"The run {self.trigger_run_id} of {dag_id} has failed. "
                "Mend it and clear it there, then clear this task."
            ) from error

    def _wait(self) -> None:
        from airflow.providers.standard.triggers.external_task import DagStateTrigger

        self.log.info("%s of %s is there already.", self.trigger_run_id, self.trigger_dag_id)
        trigger = DagStateTrigger(
            dag_id=self.trigger_dag_id,
            states=[*self.allowed_states, *self.failed_states],
            run_ids=[str(self.trigger_run_id)],
            poll_interval=self.poke_interval,
        )
        self.defer(trigger=trigger, method_name="execute_complete")
