"""Opens an incident."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk import Context

from airmedic.error_mapping import airflow_errors
from airmedic.hooks.workspace import open_workspace
from airmedic.operators.batch import BatchOperator
from airmedic.people_notifier import tell
from airmedic_core.notifiers import Event
from airmedic_core.records import Batch, Json, from_json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_ENDED = ["success", "failed"]
_MOST_RUNS = 20


class OpenIncidentOperator(BatchOperator):
    """Opens an incident for a batch, or attaches the batch to the one that is open.

    People are told of it, unless it only continues a problem that was handed to them in an earlier window.

    See :class:`~airmedic.operators.batch.BatchOperator` for parameters.

    Returns
    -------
    dict
        ``incident_id``, ``run_id``, ``state``, ``severity``, ``cause``, ``headline``. The run of the remediation is
        named as the incident is, unless that run has ended and left the incident open: then it is a further one.
    """

    def execute(self, context: Context) -> Json:
        """Open the incident and tell people."""
        with airflow_errors():
            from airmedic_core.decide.handed_over import is_with_people
            from airmedic_core.incident_lifecycle import open_incident

            workspace = open_workspace(self.model)
            now = datetime.now(UTC)
            incident = open_incident(workspace, from_json(Batch, self.batch), now=now)
            known = is_with_people(workspace, incident, now=now)
            run_id = self._run_id(context, workspace, incident.id)
        headline = f"{incident.severity} incident of {self.model}: {incident.headline}"
        if known:
            self.log.info("%s People have this problem in their hands already.", headline)
        else:
            tell(workspace.spec, headline, incident.id, event=Event.INCIDENT_OPENED, incident=incident)
        return {
            "incident_id": incident.id,
            "run_id": run_id,
            "state": str(incident.state),
            "severity": str(incident.severity),
            "cause": str(incident.cause),
            "headline": incident.headline,
        }

    def _run_id(self, context: Context, workspace: Workspace, incident_id: str) -> str:
        from airmedic_core.ledger.transitions import ENDS

        runs = [incident_id, *(f"{incident_id}__{number}" for number in range(2, _MOST_RUNS + 1))]
        ended = context["ti"].get_dr_count(dag_id=f"remediate__{self.model}", run_ids=runs, states=_ENDED)
        # A run closes its incident before it ends, so what is still open now was marked, cleared or killed.
        left_open = workspace.ledger.incident(incident_id).state not in ENDS
        return runs[min(ended, _MOST_RUNS - 1)] if left_open else incident_id
