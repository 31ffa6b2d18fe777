"""Processes that carry out a proposal, and what befalls them at one of their steps.

A step is each transaction of the ledger, each call that writes to MLflow, each message or ticket, each call of a hook,
and each file of rows that takes its place or goes; something may happen right before and right after it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITES = ("set_", "create_", "delete_", "update_", "log_", "transition_", "rename_")
"""How the methods of MLflow's client begin that change something."""

PACE = 20
"""The trials run so many times faster than a real installation: leases, time limits, the waits between the retries of a
task, and outages are all divided by it, so that they stand to each other as they do there."""

LEASE_SECONDS = 30 / PACE
"""How long others wait for a process that died: ``AIRMEDIC_LEASE_SECONDS`` is 30."""

RETRY_WAITS = tuple(10 * 2**number / PACE for number in range(6))
"""The waits before the six retries that the DAGs give a task: 10 s, and twice as long each time."""

LIMITS = (
    {"MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
    | {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0"}
    | {"MLFLOW_HTTP_REQUEST_TIMEOUT": str(20 // PACE)}
)
"""What Airmedic sets for MLflow's client, at this pace; its pauses of a second cannot be written as a fraction."""


_says: list[int] = []
"""The pipe to the parent, in a child: the parent waits until every process has closed it."""


@dataclass(frozen=True)
class Child:
    """A process that does something and says what came of it."""

    pid: int
    pipe: int

    def ended(self) -> tuple[bool, str]:
        """Wait for its end; return whether it was killed, and what it said."""
        with os.fdopen(self.pipe, "rb") as pipe:
            said = pipe.read().decode(errors="replace")
        _, status = os.waitpid(self.pid, 0)
        return os.WIFSIGNALED(status), said


def start(work: Callable[[], str]) -> Child:
    """Do something in a process of its own, which is a fork of this one."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _says.append(writing)
        os.environ.update(LIMITS)
        try:
            said = work()
        except BaseException as error:  # noqa: BLE001  whatever happens is told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode()[:200_000])
        os._exit(0)
    os.close(writing)
    return Child(pid, reading)


def in_child(work: Callable[[], str]) -> tuple[bool, str]:
    """Do something in a process of its own; return whether it was killed, and what it said."""
    return start(work).ended()


def beside(work: Callable[[], None]) -> None:
    """Do something in a further process that the parent does not wait for."""
    if os.fork() == 0:
        for pipe in _says:
            os.close(pipe)
        try:
            work()
        finally:
            os._exit(0)


def as_airflow_retries(attempt: Callable[[], str]) -> str:
    """Do something as Airflow's tasks do it: a transient error is retried, any other is the end of it."""
    from airmedic_core.errors import AirmedicError

    met = 0
    for wait in (0.0, *RETRY_WAITS):
        time.sleep(wait)
        try:
            return f"{attempt()} {met}"
        except AirmedicError as error:
            if not error.transient:
                raise
            met += 1
            last = str(error)
    return f"still out of reach after {met} attempts: {last}"


def load_ahead(modules: list[str]) -> None:
    """Load modules once: every process that is started from here on is a fork of this one, and starts with them."""
    import sqlalchemy.orm

    for name in modules:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    sqlalchemy.orm.configure_mappers()


def kill() -> None:
    """End this process at once, as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_step(step: int, happens: Callable[[], None]) -> Callable[[], int]:
    """Let something happen in this process at a step, counted from 1; return what tells how many there were."""
    from mlflow import MlflowClient

    from airmedic_core.ledger.store import Store

    reached = 0

    def pass_step() -> None:
        nonlocal reached
        if threading.current_thread() is not threading.main_thread():
            # A lease that is renewed in the background is no step of the action.
            return
        reached += 1
        if reached == step:
            happens()

    writing = Store._writing

    @contextmanager
    def _writing(self: Store) -> Iterator[Any]:
        pass_step()
        with writing(self) as connection:
            yield connection
        pass_step()

    Store._writing = _writing  # type: ignore[method-assign]
    for name in dir(MlflowClient):
        if name.startswith(WRITES):
            setattr(MlflowClient, name, _stepping(getattr(MlflowClient, name), pass_step))
    _step_outside(pass_step)
    return lambda: reached


def _step_outside(pass_step: Callable[[], None]) -> None:
    """Count what reaches the world outside of ledger and MLflow: messages, tickets, hooks and files of rows."""
    from airmedic_core import json_calls
    from airmedic_core.notifiers import NOTIFIERS

    json_calls.call = _stepping(json_calls.call, pass_step)
    for name in set(NOTIFIERS.names()) - set(NOTIFIERS.ours()):
        member = type(NOTIFIERS.member(name))
        for method in ("send", "open_ticket"):
            setattr(member, method, _stepping(getattr(member, method), pass_step))

    def of_engine(method: Callable[..., Any]) -> Callable[..., Any]:
        stepping = _stepping(method, pass_step)

        @functools.wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            caller = str(sys._getframe(1).f_globals.get("__name__"))
            return (stepping if caller.startswith("airmedic_core.") else method)(*arguments, **options)

        return call

    for method in ("replace", "unlink"):
        setattr(Path, method, of_engine(getattr(Path, method)))


def _stepping(method: Callable[..., Any], pass_step: Callable[[], None]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **options: Any) -> Any:
        pass_step()
        result = method(*arguments, **options)
        pass_step()
        return result

    return call
