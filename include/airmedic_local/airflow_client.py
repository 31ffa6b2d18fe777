"""Speaks Airflow's public REST interface, as a script with a token would."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from airmedic_local.errors import LocalError, RequestRefusedError, WaitTimeoutError

Json = dict[str, Any]

_ATTEMPTS = 6
"""Attempts, with pauses that double from half a second: a quarter of a minute in all."""
_REPEATABLE = ("GET", "PATCH", "PUT", "DELETE")
"""Methods that can be sent again: every PATCH of this client sets a state."""
_END_STATES = ("success", "failed")
WAITING_STATES = ("awaiting_input", "deferred")
"""States of a task that waits for people: the first from Airflow 3.3 on, the second in 3.2."""


class AirflowClient:
    """A client of one Airflow.

    Parameters
    ----------
    url : str
        Address of Airflow.
    user, password : str
        Empty where everybody is an administrator.
    pause_seconds : float
        Pause before a request is sent again; each further one is twice as long.
    """

    def __init__(self, url: str, user: str = "", password: str = "", *, pause_seconds: float = 0.5) -> None:
        self.url = url
        self._pause_seconds = pause_seconds
        self.user = user
        self._password = password
        self._http = httpx.Client(base_url=url, timeout=120)
        self._token = ""

    def close(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """Send a request below ``/api/v2`` and return the answer's JSON.

        What can be repeated is sent again, after growing pauses, where Airflow does not answer or has an error of its
        own: its SQLite lets one program write at a time, and a request that waits too long for that gets a 500.

        Parameters
        ----------
        method : str
            The HTTP method.
        path : str
            The path below ``/api/v2``.
        json : object
            The body.
        params : mapping, optional
            The query.
        repeatable : bool
            Whether sending it twice has the effect of once, for a method other than GET.

        Raises
        ------
        LocalError
            If Airflow does not answer.
        RequestRefusedError
            If Airflow answers with an error; ``status`` says which.
        """
        attempt, attempts = 1, _ATTEMPTS if repeatable or method in _REPEATABLE else 1
        while True:
            try:
                answer = self._send_signed_in(method, path, json, params)
            except httpx.TransportError as error:
                if attempt == attempts:
                    raise LocalError(f"Airflow at {self.url} does not answer: {error}. Does it still run?") from error
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                if attempt == attempts or not answer.is_server_error:
                    raise _refusal(f"{method} {path}", answer, attempts)
            time.sleep(self._pause_seconds * 2 ** (attempt - 1))
            attempt += 1

    def dag_ids(self) -> list[str]:
        """Return the ids of all DAGs, paused or not."""
        return [dag["dag_id"] for dag in self._all("/dags", "dags")]

    def import_errors(self) -> list[Json]:
        """Return DAG files that do not import, with their stack traces."""
        return self._all("/importErrors", "import_errors")

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run, if it is paused."""
        # Not written unless needed: a scheduler with much to catch up holds the database.
        if self.request("GET", f"/dags/{dag_id}")["is_paused"]:
            self.request("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def wait_for_dags(self, dag_ids: Sequence[str], *, timeout_seconds: float = 600) -> None:
        """Wait until the DAG processor has seen DAGs.

        Raises
        ------
        WaitTimeoutError
            Names what is missing and the first import error.
        """
        give_up_at = time.monotonic() + timeout_seconds
        while missing := sorted(set(dag_ids) - set(self.dag_ids())):
            if time.monotonic() > give_up_at:
                errors = "; ".join(f"{e['filename']}: {e['stack_trace'][-800:]}" for e in self.import_errors()[:3])
                raise WaitTimeoutError(f"Airflow does not know the DAGs {missing}. Import errors: {errors or 'none'}.")
            time.sleep(0.5)

    def trigger(self, dag_id: str, conf: Mapping[str, Any] | None = None, *, run_id: str | None = None) -> str:
        """Start a run and return its id. A run with the same id that exists already is left as it is.

        Parameters
        ----------
        dag_id : str
            The DAG.
        conf : mapping, optional
            The run's conf.
        run_id : str, optional
            The run's id; one like those that Airflow makes where not given. With an id, the request can be repeated.
        """
        run_id = run_id or f"manual__{datetime.now(UTC).isoformat()}_{uuid4().hex[:8]}"
        body: Json = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf or {})}
        try:
            answer: Json = self.request("POST", f"/dags/{dag_id}/dagRuns", json=body, repeatable=True)
        except RequestRefusedError as error:
            if error.status == httpx.codes.CONFLICT:
                return run_id
            raise
        started: str = answer["dag_run_id"]
        return started

    def run(self, dag_id: str, run_id: str) -> Json:
        """Return one DAG run."""
        run: Json = self.request("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        return run

    def runs(self, dag_id: str, *, limit: int = 100) -> list[Json]:
        """Return the runs of a DAG, newest first."""
        answer: Json = self.request("GET", f"/dags/{dag_id}/dagRuns", params={"limit": limit, "order_by": "-run_after"})
        runs: list[Json] = answer["dag_runs"]
        return runs

    def wait_for_run(self, dag_id: str, run_id: str, *, timeout_seconds: float = 600) -> Json:
        """Wait until a run has ended and return it, whether it succeeded or failed.

        Parameters
        ----------
        dag_id : str
            The DAG.
        run_id : str
            The run.
        timeout_seconds : float
            How long to wait at the most.

        Raises
        ------
        WaitTimeoutError
            If it does not end in time; lists the states of its tasks.
        """
        give_up_at = time.monotonic() + timeout_seconds
        while (run := self.run(dag_id, run_id))["state"] not in _END_STATES:
            if time.monotonic() > give_up_at:
                states = self.task_states(dag_id, run_id)
                raise WaitTimeoutError(f"{dag_id}/{run_id} is {run['state']!r} after {timeout_seconds:g} s: {states}")
            time.sleep(0.3)
        return run

    def task_instances(self, dag_id: str, run_id: str) -> list[Json]:
        """Return the task instances of a run."""
        return self._all(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances")

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """Return task id → state of a run."""
        return {task["task_id"]: task["state"] for task in self.task_instances(dag_id, run_id)}

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return what a task pushed.

        Parameters
        ----------
        dag_id : str
            The DAG.
        run_id : str
            The run.
        task_id : str
            The task.
        key : str
            The key that it was pushed under.

        Raises
        ------
        RequestRefusedError
            With status 404 if it pushed nothing.
        """
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        return self.request("GET", path, params={"deserialize": True})["value"]

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> str:
        """Return the log of one try of a task as text, with the errors that it tells of.

        Parameters
        ----------
        dag_id : str
            The DAG.
        run_id : str
            The run.
        task_id : str
            The task.
        try_number : int
            Which try, from 1.
        """
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self.request("GET", path, params={"full_content": True})
        return "\n".join(_told(line) if isinstance(line, dict) else str(line) for line in answer["content"])

    def pending_approvals(self) -> list[Json]:
        """Return the Required Actions that wait for an answer, oldest first."""
        params = {"response_received": False, "limit": 1000}
        details: list[Json] = self.request("GET", "/dags/~/dagRuns/~/hitlDetails", params=params)["hitl_details"]
        waiting = [detail for detail in details if detail["task_instance"]["state"] in WAITING_STATES]
        return sorted(waiting, key=lambda detail: str(detail["created_at"]))

    def answer(self, detail: Json, option: str, params_input: Mapping[str, Any] | None = None) -> Json:
        """Answer one Required Action.

        Parameters
        ----------
        detail : dict
            One of :meth:`pending_approvals`.
        option : str
            The chosen option, such as ``Approve``.
        params_input : mapping, optional
            Values of the form's fields.
        """
        task = detail["task_instance"]
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}/-1/hitlDetails"
        answer: Json = self.request(
            "PATCH", path, json={"chosen_options": [option], "params_input": dict(params_input or {})}
        )
        return answer

    def _all(self, path: str, key: str) -> list[Json]:
        answer: Json = self.request("GET", path, params={"limit": 1000})
        items: list[Json] = answer[key]
        return items

    def _send_signed_in(self, method: str, path: str, json: Any, params: Mapping[str, Any] | None) -> httpx.Response:
        answer = self._send(method, path, json, params)
        if answer.status_code == httpx.codes.UNAUTHORIZED:  # tokens run out
            self._token = ""
            answer = self._send(method, path, json, params)
        return answer

    def _send(self, method: str, path: str, json: Any, params: Mapping[str, Any] | None) -> httpx.Response:
        if not self._token:
            self._token = self._new_token()
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._http.request(method, f"/api/v2{path}", json=json, params=params, headers=headers)

    def _new_token(self) -> str:
        if self.user:
            answer = self._http.post("/auth/token", json={"username": self.user, "password": self._password})
        else:
            answer = self._http.get("/auth/token")
        if not answer.is_success:
            raise RequestRefusedError(f"Airflow gives {self.user!r} no token: {answer.text[:300]}", answer.status_code)
        token: str = answer.json()["access_token"]
        return token


def _refusal(request: str, answer: httpx.Response, attempts: int) -> RequestRefusedError:
    said = f"{request}: {answer.status_code} {answer.text[:500]}"
    if answer.is_server_error:
        said += (
            f"\nAirflow has an error of its own (asked {attempts} times). If its database is busy or locked, wait a "
            "moment and start again: what was done is kept. Its log, api-server.log, says more."
        )
    return RequestRefusedError(said, answer.status_code)


def _told(line: Json) -> str:
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail") or ()]
    return "\n".join([str(line.get("event", line)), *errors])


def moment(text: str) -> datetime:
    """Return a time of Airflow's answers as a datetime."""
    return datetime.fromisoformat(text)
