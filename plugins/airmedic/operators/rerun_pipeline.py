"""Starts the pipeline that delivers a model's data once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.further_runs import start_run
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.action_in_dag import ActionInDagOperator
from airmedic_core.records import Json
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.records import Proposal


class RerunPipelineOperator(ActionInDagOperator):
    """Triggers the DAG that the spec names as ``upstream_dag``, waits for it, and has its window looked at again.

    The triggered run gets ``window_start``, ``window_end`` and ``incident_id`` as its conf. See
    :class:`~airmedic.operators.other_dag.OtherDagOperator` for parameters.
    """

    path = "rerun"

    def conf_of(self, proposal: Proposal) -> Json:
        """Name the window that is to be delivered anew."""
        window = {key: proposal.params[key] for key in ("window_start", "window_end")}
        return window | {"incident_id": proposal.incident_id}

    def execute_complete(self, context: Context, event: tuple[str, Json]) -> None:
        """Start a look at the window that was delivered anew: only that tells whether its rows are sound now."""
        super().execute_complete(context, event)
        with airflow_errors():
            params = open_workspace(self.model).ledger.proposal(self.proposal_hash).params
            conf = {key: params[key] for key in ("window_start", "window_end")}
            window = Window(*(as_utc(moment) for moment in conf.values()))
        start_run(f"monitor__{self.model}", f"rerun__{window.key}__{self.proposal_hash[:16]}", conf)
