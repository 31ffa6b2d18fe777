"""Tells the demo's story in the cluster, while faults befall it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError
from airmedic_local.airflow_client import AirflowClient, Json
from airmedic_local.approver import Approver
from airmedic_local.cluster.content import DAGS, MODEL, PRODUCTION
from airmedic_local.cluster.faults import Fault
from airmedic_local.cluster.running import Cluster
from airmedic_local.cluster.standstill import Standstill
from airmedic_local.cluster.verdicts import told_days
from airmedic_local.errors import LocalError, RequestRefusedError
from airmedic_local.narrator import Narrator

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_LOOK_SECONDS = 0.2
_TELL_SECONDS = 2.0
_OUT_OF_REACH_SECONDS = 120.0
"""Sets how long Airflow or the ledger may be out of reach, while they restart."""


class StuckError(LocalError):
    """Nothing has happened for longer than the settings let anything stand still. The logs say more."""


class Refused:
    """Lets people who are no approvers try to approve the first question.

    Parameters
    ----------
    clients : sequence of AirflowClient
        Signed in as these people.
    """

    def __init__(self, clients: Sequence[AirflowClient]) -> None:
        self.statuses: dict[str, int] = {}
        """User → the HTTP status of the answer to the attempt."""
        self._clients = list(clients)

    def __call__(self, detail: Json) -> str:
        """Let them try, and approve."""
        for client in self._clients:
            if client.user in self.statuses:
                continue
            try:
                client.answer(detail, "Approve")
                self.statuses[client.user] = 200
            except RequestRefusedError as error:
                self.statuses[client.user] = error.status
        return "Approve"


@dataclass
class Story:
    """The story, and all that accompanies it.

    Parameters
    ----------
    cluster : Cluster
        Running.
    ws : Workspace
        The model.
    client : AirflowClient
        Of an administrator.
    approver : Approver
        Answers what is asked.
    narrator : Narrator
        Tells what happens.
    standstill : Standstill
        Measures how long runs stand still.
    faults : sequence of Fault
        What befalls the cluster meanwhile.
    stuck_seconds : float
        Give up where nothing has happened for so long.
    say : callable
        Takes a line for the person who watches.
    """

    cluster: Cluster
    ws: Workspace
    client: AirflowClient
    approver: Approver
    narrator: Narrator
    standstill: Standstill
    faults: Sequence[Fault]
    stuck_seconds: float
    say: Callable[[str], None]
    _progress: tuple[str, ...] = ()
    _moved_at: float = 0.0

    def play(self) -> None:
        """Play the story to its end.

        Raises
        ------
        StuckError
            If nothing happens any more.
        """
        from airmedic_core.simulate import is_told, story_so_far

        self._play_until(lambda: is_told(story_so_far(self.ws)))
        # Its last day has been produced, and is still to be looked at. Meanwhile another one may come.
        last = f"{MODEL}__{told_days(story_so_far(self.ws))[-1].window.key}"
        self._play_until(lambda: self.ws.ledger.assessment(last) is not None)
        self.client.request("PATCH", f"/dags/{PRODUCTION}", json={"is_paused": True})
        self._play_until(self._is_quiet)
        self.narrator.step()

    def _play_until(self, told: Callable[[], bool]) -> None:
        self._moved_at = answered_at = looked_at = time.monotonic()
        while not told():
            self.cluster.check()
            try:
                self._strike()
                if time.monotonic() - looked_at > _TELL_SECONDS:
                    self._look()
                    looked_at = time.monotonic()
                answered_at = time.monotonic()
            except (AirmedicError, LocalError) as error:
                if not _passes(error) or time.monotonic() - answered_at > _OUT_OF_REACH_SECONDS:
                    raise
            if time.monotonic() - self._moved_at > self.stuck_seconds:
                raise StuckError(f"Nothing has happened for {self.stuck_seconds:.0f} s. Logs: {self.cluster.logs}")
            time.sleep(_LOOK_SECONDS)

    def _is_quiet(self) -> bool:
        """Return whether nothing runs any more that looks at a day or heals."""
        runs = [run for dag_id in DAGS for run in self.client.runs(dag_id, limit=5) if dag_id != PRODUCTION]
        return all(run["state"] in ("success", "failed") for run in runs)

    def _strike(self) -> None:
        for fault in self.faults:
            struck = fault.step() if fault.struck is None else None
            if struck is not None:
                self.say(f"[bold red]✂ {struck.title}[/] while {struck.meanwhile}")

    def _look(self) -> None:
        self.narrator.step()
        self.narrator.tell_answered(self.approver.step())
        self.standstill.step()
        progress = tuple(
            f"{run['dag_run_id']} {run['state']}" for dag_id in DAGS for run in self.client.runs(dag_id, limit=2)
        )
        if progress != self._progress:
            self._progress, self._moved_at = progress, time.monotonic()


def _passes(error: AirmedicError | LocalError) -> bool:
    """Return whether an error may go by itself, once what restarts is back."""
    if isinstance(error, AirmedicError):
        return error.transient
    if isinstance(error, RequestRefusedError):
        return error.status >= 500
    return type(error) is LocalError
