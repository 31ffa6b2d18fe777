"""Starts a program in a session of its own, and ends all of that session."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from airmedic_local.errors import ServiceDiedError, WaitTimeoutError

_POLL_SECONDS = 0.1
_MARK = "AIRMEDIC_STARTED_FOR"


class Process:
    """One program in the background, with its log and everything it starts itself.

    Parameters
    ----------
    name : str
        Names the log and the record of the process.
    command : sequence of str
        Program and arguments.
    env : mapping
        The whole environment.
    folder : Path
        Where ``<name>.log`` and ``<name>.pid`` are written.
    cwd : Path
        Working directory.
    """

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], folder: Path, cwd: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._record = folder / f"{name}.pid"
        folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            # A session of its own: Ctrl-C in the terminal reaches only the runner, which then ends all in good order.
            self._popen = subprocess.Popen(
                list(command),
                env={**env, _MARK: str(folder)},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._record.write_text(json.dumps({"session": self._popen.pid}), encoding="utf-8")

    @property
    def pid(self) -> int:
        """Number of the program, and of the session of all that it starts."""
        return self._popen.pid

    def is_alive(self) -> bool:
        """Say whether the program still runs."""
        return self._popen.poll() is None

    def check(self) -> None:
        """Raise if the program has ended by itself.

        Raises
        ------
        ServiceDiedError
            With the end of its log.
        """
        code = self._popen.poll()
        if code is not None:
            raise ServiceDiedError(
                f"{self.name} ended with exit code {code}. Its log, {self.log}, ends:\n{self.tail()}"
            )

    def tail(self, lines: int = 15) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        """Ask the program to end, without waiting for it."""
        if self.is_alive():
            self._popen.terminate()

    def kill(self) -> int:
        """End the program and all that it started at once, as the loss of its machine would; return how many."""
        killed = 0
        while members := _members(self.pid):
            for pid in members:
                _signal(pid, signal.SIGKILL)
            killed = max(killed, len(members))
            time.sleep(_POLL_SECONDS)
        self._popen.wait()
        return killed

    def members(self) -> list[int]:
        """Return the numbers of the program and of all that it started and that lives."""
        return _members(self.pid)

    def stop(self, grace_seconds: float = 10) -> None:
        """End the program and all that it started; those that do not listen are killed."""
        end_session(self._popen.pid, grace_seconds=grace_seconds)
        self._popen.wait()
        self._record.unlink(missing_ok=True)


def end_session(session: int, *, grace_seconds: float) -> None:
    """End every process of a session: first its leader is asked, at last all that remain are killed."""
    if _alive(session):
        os.kill(session, signal.SIGTERM)
    give_up_at = time.monotonic() + grace_seconds
    while members := _members(session):
        if time.monotonic() > give_up_at:
            for pid in members:
                _signal(pid, signal.SIGKILL)
            give_up_at = time.monotonic() + grace_seconds
        elif not _alive(session):
            # The leader is gone; what it left behind would wait for it for ever.
            for pid in members:
                _signal(pid, signal.SIGTERM)
        time.sleep(_POLL_SECONDS)


def end_leftovers(folder: Path, grace_seconds: float = 10) -> list[str]:
    """End what an earlier runner left behind when it was killed; return the names.

    Only processes that carry the mark of this folder in their environment are touched.
    """
    ended = []
    for record in sorted(folder.glob("*.pid")):
        session = int(json.loads(record.read_text(encoding="utf-8"))["session"])
        if any(_mark(pid) == str(folder) for pid in _members(session)):
            end_session(session, grace_seconds=grace_seconds)
            ended.append(record.stem)
        record.unlink(missing_ok=True)
    return ended


def wait_until(
    condition: Callable[[], bool], *, what: str, timeout_seconds: float, poll_seconds: float = _POLL_SECONDS
) -> None:
    """Ask again and again until a condition holds.

    Parameters
    ----------
    condition : callable
        Returns whether it holds.
    what : str
        What is waited for, for the error.
    timeout_seconds : float
        How long to wait at the most.
    poll_seconds : float
        The pause between two looks.

    Raises
    ------
    WaitTimeoutError
        If it does not hold in time; names what was waited for.
    """
    give_up_at = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > give_up_at:
            raise WaitTimeoutError(f"Waited {timeout_seconds:g} s in vain for {what}.")
        time.sleep(poll_seconds)


def _members(session: int) -> list[int]:
    return [pid for pid in psutil.pids() if _session_of(pid) == session and _alive(pid)]


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _mark(pid: int) -> str | None:
    try:
        return psutil.Process(pid).environ().get(_MARK)
    except psutil.Error:
        return None


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
