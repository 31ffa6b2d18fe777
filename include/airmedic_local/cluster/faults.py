"""Says what befalls the cluster while the story is told: each fault waits for its moment, and strikes once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.cluster.content import MODEL
from airmedic_local.cluster.running import Cluster

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

WORKER, STORES = "airflow-worker", ("postgres", "redis")
_CHECKS = ("validate_data", "check_drift", "check_performance")


@dataclass(frozen=True)
class Struck:
    """Holds what a fault did, and where things stood right after it."""

    title: str
    meanwhile: str
    """Says what was running."""
    hit: bool
    """Says whether that was still going on after the blow."""
    at: float
    """When, by the monotonic clock."""


class Fault(Protocol):
    """Something that befalls the cluster once."""

    struck: Struck | None

    def step(self) -> Struck | None:
        """Strike, if this is the moment, and return what was done."""


class StoresRestart:
    """Restarts Postgres and Redis at once while a check of a given chapter's day runs.

    Parameters
    ----------
    cluster : Cluster
        The cluster.
    client : AirflowClient
        Of somebody who may look at runs.
    is_time : callable
        Says whether the chapter has come.
    """

    def __init__(self, cluster: Cluster, client: AirflowClient, is_time: Callable[[], bool]) -> None:
        self.struck: Struck | None = None
        self._cluster, self._client, self._is_time = cluster, client, is_time

    def step(self) -> Struck | None:
        """Strike, if this is the moment, and return what was done."""
        if not self._is_time():
            return None
        dag_id = f"monitor__{MODEL}"
        for run in self._client.runs(dag_id, limit=1):
            if run["state"] != "running":
                continue
            states = self._client.task_states(dag_id, run["dag_run_id"])
            running = [task for task in _CHECKS if states.get(task) == "running"]
            if running:
                seconds = self._cluster.restart(*STORES)
                after = self._state_after(dag_id, run["dag_run_id"], running)
                title = f"Postgres and Redis restarted at once ({seconds:.1f} s)"
                self.struck = Struck(title, f"{', '.join(running)} ran", after, time.monotonic())
        return self.struck

    def _state_after(self, dag_id: str, run_id: str, running: list[str]) -> bool:
        """Return whether one of the checks had not ended when the stores had gone."""
        states = self._client.task_states(dag_id, run_id)
        return any(states.get(task) != "success" for task in running)


class WorkerKilled:
    """Kills the worker with all its processes while an action trains.

    Parameters
    ----------
    cluster : Cluster
        The cluster.
    ws : Workspace
        The model.
    """

    def __init__(self, cluster: Cluster, ws: Workspace) -> None:
        self.struck: Struck | None = None
        self._cluster, self._ws = cluster, ws

    def step(self) -> Struck | None:
        """Strike, if this is the moment, and return what was done."""
        if self._training() is not None:
            killed = self._cluster.kill(WORKER)
            began = self._training()
            title = f"worker killed with SIGKILL ({killed} processes)"
            self.struck = Struck(title, "it trained", began is not None, time.monotonic())
        return self.struck

    def _training(self) -> datetime | None:
        """Return when the training that runs at the moment began."""
        from airmedic_core.actions import trains

        actions = self._ws.ledger.actions(model=MODEL)
        running = [action for action in actions if trains(action.action) and action.status == "running"]
        return running[0].started_at if running else None
