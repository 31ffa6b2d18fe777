"""Answers approvals over REST, unattended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from airmedic_local.airflow_client import AirflowClient
from airmedic_local.errors import RequestRefusedError

Json = dict[str, Any]

_SETTLE_SECONDS = 2.0
"""An answer in the first moments after a task has parked can overtake the executor's own report of the parking, and
Airflow 3.3 then fails the task."""


class Approver:
    """Answers what waits for an answer, each once, two seconds after it was first seen.

    Parameters
    ----------
    client : AirflowClient
        Signed in as the person who answers.
    decide : callable
        Takes one Required Action and returns the option to choose, or ``None`` to leave it alone. Approves all where
        not given.
    comments : mapping of str to str
        Task id of a question → what the person says with the answer.
    """

    def __init__(
        self,
        client: AirflowClient,
        decide: Callable[[Json], str | None] = lambda _: "Approve",
        comments: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._client = client
        self._decide = decide
        self._comments = comments
        self._first_seen: dict[tuple[str, str, str], float] = {}
        self.answered: list[Json] = []
        """Every Required Action that was answered, with ``option``."""

    def step(self) -> list[Json]:
        """Look once; answer what has waited long enough; return what was answered."""
        answered = []
        for detail in self._client.pending_approvals():
            task = detail["task_instance"]
            key = (task["dag_id"], task["dag_run_id"], task["task_id"])
            first_seen = self._first_seen.setdefault(key, time.monotonic())
            if time.monotonic() - first_seen < _SETTLE_SECONDS:
                continue
            option = self._decide(detail)
            if option is None:
                continue
            try:
                comment = self._comments.get(task["task_id"])
                self._client.answer(detail, option, {"comment": comment} if comment else None)
            except RequestRefusedError as error:
                if error.status == 409:  # somebody else was faster
                    continue
                raise
            answered.append({**detail, "option": option})
        self.answered += answered
        return answered
