"""Plays real history through a running Airmedic, one window after the other, and answers the approvals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airmedic_core.windows import Window
from airmedic_local.airflow_client import AirflowClient, Json, moment
from airmedic_local.approver import Approver
from airmedic_local.errors import WaitTimeoutError

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_END_STATES = ("success", "failed")
_WATCHES = ("watch_deployment", "watch_further")
"""Tasks that look at a deployment again and again, until new windows have shown how it does."""
_LOOKS_AGAIN = "up_for_reschedule"


@dataclass(frozen=True)
class Played:
    """Holds what came of one window."""

    window: Window
    outcome: str
    """``healthy``, ``watch`` or ``incident``."""
    cause: str
    """The cause of the standing diagnosis where there is an incident, else of the assessment."""
    headline: str
    served_by: str
    """Version of the champion when the window arrived."""
    champion: str
    """Version of the champion afterwards."""
    incident_id: str
    actions: tuple[str, ...]
    """Actions that were carried out, in order."""
    seconds: float


class Playback:
    """Plays windows of one model.

    Parameters
    ----------
    ws : Workspace
        The model, with the settings of the installation that runs it.
    client : AirflowClient
        Of somebody who may trigger DAGs.
    approver : Approver
        Who answers the approvals.
    """

    def __init__(self, ws: Workspace, client: AirflowClient, approver: Approver) -> None:
        self._ws = ws
        self._client = client
        self._approver = approver
        self.watching = ""
        """The run of a remediation that watches a deployment, if one does: it goes on over the windows that follow."""

    def window(self, window: Window, *, timeout_seconds: float = 600) -> Played:
        """Announce a window as of its end, and wait until all that follows from it has ended.

        What watches a deployment is waited for until it has looked at the window.

        Raises
        ------
        WaitTimeoutError
            If it does not end in time.
        """
        began, model = time.monotonic(), self._ws.spec.name
        served_by = self._champion()
        moments = {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}
        run_id = self._client.trigger(f"monitor__{model}", moments | {"as_of": window.end.isoformat()})
        self._finish(f"monitor__{model}", run_id, timeout_seconds)
        looked_at = datetime.now(UTC)
        assessment = self._ws.ledger.assessment(f"{model}__{window.key}")
        incident_id = self._incident_id(run_id)
        if incident_id:
            self._remediated(incident_id, timeout_seconds)
        if self.watching and self.watching != incident_id:
            self._remediated(self.watching, timeout_seconds, looked_at=looked_at)
        standing = self._ws.ledger.standing_diagnosis(incident_id) if incident_id else None
        done = self._ws.ledger.actions(incident_id=incident_id) if incident_id else []
        return Played(
            window=window,
            outcome=assessment.outcome if assessment else "not assessed",
            cause=str(standing.cause if standing else assessment.cause if assessment else ""),
            headline=assessment.headline if assessment else "",
            served_by=served_by,
            champion=self._champion(),
            incident_id=incident_id,
            actions=tuple(
                action.action if action.status == "done" else f"{action.action} ({action.status})" for action in done
            ),
            seconds=time.monotonic() - began,
        )

    def remediate(self, conf: Json, *, timeout_seconds: float = 600) -> str:
        """Trigger the remediation by hand, as a person does with the form, wait for its end and return its incident."""
        dag_id = f"remediate__{self._ws.spec.name}"
        run_id = self._client.trigger(dag_id, conf)
        self._finish(dag_id, run_id, timeout_seconds)
        incident_id: str = self._client.xcom(dag_id, run_id, "collect_evidence", "incident_id")
        return incident_id

    def _remediated(self, run_id: str, timeout_seconds: float, looked_at: datetime | None = None) -> None:
        """Wait until a remediation has ended, or has looked at a deployment since a moment and waits for new windows.

        Parameters
        ----------
        run_id : str
            The remediation.
        timeout_seconds : float
            How long to wait at the most.
        looked_at : datetime, optional
            The moment; any look at the deployment is enough where not given.
        """
        dag_id = f"remediate__{self._ws.spec.name}"
        is_watching = self._finish(dag_id, run_id, timeout_seconds, lambda: self._has_looked(run_id, looked_at))
        if is_watching or self.watching == run_id:
            self.watching = run_id if is_watching else ""

    def _has_looked(self, run_id: str, looked_at: datetime | None) -> bool:
        tasks = self._client.task_instances(f"remediate__{self._ws.spec.name}", run_id)
        waiting = (task for task in tasks if task["task_id"] in _WATCHES and task["state"] == _LOOKS_AGAIN)
        # Airflow goes on showing when such a task began for the first time, and when it was last scheduled.
        return any(looked_at is None or moment(task["scheduled_when"]) > looked_at for task in waiting)

    def _finish(
        self, dag_id: str, run_id: str, timeout_seconds: float, enough: Callable[[], bool] = lambda: False
    ) -> bool:
        """Wait for the end of a run, or until what has come of it is enough, and return whether it was that."""
        give_up_at = time.monotonic() + timeout_seconds
        while self._client.run(dag_id, run_id)["state"] not in _END_STATES:
            if enough():
                return True
            if time.monotonic() > give_up_at:
                states = self._client.task_states(dag_id, run_id)
                raise WaitTimeoutError(f"{dag_id}/{run_id} has not ended after {timeout_seconds:g} s: {states}")
            self._approver.step()
            time.sleep(0.3)
        return False

    def _incident_id(self, run_id: str) -> str:
        dag_id = f"monitor__{self._ws.spec.name}"
        if self._client.task_states(dag_id, run_id).get("start_remediation") != "success":
            return ""
        opened: Json = self._client.xcom(dag_id, run_id, "open_incident")
        incident_id: str = opened["incident_id"]
        return incident_id

    def _champion(self) -> str:
        version: str = self._ws.registry.champion(self._ws.spec.name).version
        return version
