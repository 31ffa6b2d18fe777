"""Measures how long runs stand still, and says how long the settings let them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from airmedic_local.airflow_client import WAITING_STATES, AirflowClient
from airmedic_local.cluster.content import MODEL

_RETRY_SECONDS = 10.0
"""The pause before a task's first retry, which the DAGs set."""
_LEASE_SECONDS = 30.0
"""``AIRMEDIC_LEASE_SECONDS``, where it is not set."""
_HEARTBEAT_CHECK_SECONDS = 10.0
"""Airflow's ``task_instance_heartbeat_timeout_detection_interval``, where it is not set."""
_SCHEDULER_SECONDS = 20.0
"""States what the scheduler and a busy machine may add to all of that."""


def promised_seconds(env: Mapping[str, str]) -> float:
    """Return how long a run may stand still after the loss of a worker, by the variables of the compose file.

    A task that had begun is missed after the time limit of its heartbeat, one that was only taken from the queue after
    that of the queue. It is then tried again after a pause, and an action that had begun is held until its lease ends.

    Parameters
    ----------
    env : mapping
        Of the scheduler.
    """
    heartbeat = float(env["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"]) + _HEARTBEAT_CHECK_SECONDS
    queued = float(env["AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT"])
    queued += float(env["AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL"])
    lease = float(env.get("AIRMEDIC_LEASE_SECONDS", _LEASE_SECONDS))
    return max(heartbeat, queued) + _RETRY_SECONDS + lease + _SCHEDULER_SECONDS


class Standstill:
    """The longest time in which nothing changed in a run that waits for nobody.

    Parameters
    ----------
    client : AirflowClient
        Of somebody who may look at runs.
    clock : callable
        Returns seconds.
    """

    def __init__(self, client: AirflowClient, clock: Callable[[], float] = time.monotonic) -> None:
        self.longest, self.where = 0.0, ""
        self._client, self._clock = client, clock
        self._since: dict[tuple[str, str], tuple[frozenset[tuple[str, str, int]], float]] = {}

    def step(self) -> None:
        """Look once."""
        now = self._clock()
        going: dict[tuple[str, str], tuple[frozenset[tuple[str, str, int]], float]] = {}
        for kind in ("monitor", "remediate"):
            dag_id = f"{kind}__{MODEL}"
            for run in self._client.runs(dag_id, limit=3):
                if run["state"] not in ("running", "queued"):
                    continue
                tasks = self._client.task_instances(dag_id, run["dag_run_id"])
                if any(task["state"] in WAITING_STATES for task in tasks):
                    continue
                seen = frozenset((task["task_id"], str(task["state"]), task["try_number"]) for task in tasks)
                key = (dag_id, run["dag_run_id"])
                before, since = self._since.get(key, (seen, now))
                if before != seen:
                    since = now
                going[key] = (seen, since)
                if now - since > self.longest:
                    still = sorted(f"{task} {state}" for task, state, _ in seen if state in _UNDER_WAY)
                    self.longest, self.where = now - since, f"{kind}: {', '.join(still) or 'nothing under way'}"
        self._since = going


_UNDER_WAY = frozenset({"scheduled", "queued", "running", "restarting", "up_for_retry", "up_for_reschedule"})
