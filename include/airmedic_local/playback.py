"""Plays real history through a running Airmedic, one window after the other, and answers the approvals."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.windows import Window
from airmedic_local.airflow_client import AirflowClient, Json
from airmedic_local.approver import Approver
from airmedic_local.errors import WaitTimeoutError

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_END_STATES = ("success", "failed")


@dataclass(frozen=True)
class Played:
    """What came of one window."""

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

    def window(self, window: Window, *, timeout_seconds: float = 600) -> Played:
        """Announce a window as of its end, and wait until all that follows from it has ended.

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
        assessment = self._ws.ledger.assessment(f"{model}__{window.key}")
        incident_id = self._incident_id(run_id)
        if incident_id:
            self._finish(f"remediate__{model}", incident_id, timeout_seconds)
        standing = (
            [diagnosis for diagnosis, stands in self._ws.ledger.diagnoses(incident_id) if stands] if incident_id else []
        )
        done = self._ws.ledger.actions(incident_id=incident_id) if incident_id else []
        return Played(
            window=window,
            outcome=assessment.outcome if assessment else "not assessed",
            cause=str(standing[-1].cause if standing else assessment.cause if assessment else ""),
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

    def _finish(self, dag_id: str, run_id: str, timeout_seconds: float) -> None:
        give_up_at = time.monotonic() + timeout_seconds
        while self._client.run(dag_id, run_id)["state"] not in _END_STATES:
            if time.monotonic() > give_up_at:
                states = self._client.task_states(dag_id, run_id)
                raise WaitTimeoutError(f"{dag_id}/{run_id} has not ended after {timeout_seconds:g} s: {states}")
            self._approver.step()
            time.sleep(0.3)

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


def until_answered(client: AirflowClient, first: Callable[[Json], None]) -> Approver:
    """Return an approver that approves everything, and calls ``first`` once before its first answer."""
    called: list[Json] = []

    def decide(detail: Json) -> str:
        if not called:
            called.append(detail)
            first(detail)
        return "Approve"

    return Approver(client, decide)
