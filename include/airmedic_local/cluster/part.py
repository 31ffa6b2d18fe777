"""One service of the cluster while it runs: its process, whether it is well, and what it takes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from airmedic_local.cluster.compose import Healthcheck, Service
from airmedic_local.errors import WaitTimeoutError
from airmedic_local.process import Process, wait_until

_START_INTERVAL_SECONDS = 5.0
"""Sets how often Docker looks at a service that has just started, where the file does not say."""
_STOP_SECONDS = 10.0
"""Sets how long Docker waits for a service that was asked to stop, before it kills it."""


class Part:
    """One service.

    Parameters
    ----------
    service : Service
        What the compose file says of it.
    command : list of str
        What runs here.
    test : list of str
        The command of its healthcheck; empty where it has none.
    env : mapping
        Its whole environment.
    folder : Path
        Where its log is written.
    cwd : Path
        Its working directory.
    clock : callable
        Returns seconds.
    """

    def __init__(
        self,
        service: Service,
        command: list[str],
        test: list[str],
        *,
        env: Mapping[str, str],
        folder: Path,
        cwd: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.service = service
        self.name = service.name
        self.held = False
        """Says whether it is stopped on purpose, and is not to be started again."""
        self.restarts = 0
        """Says how often it was started again after it had ended by itself or was killed."""
        self.healthy: bool | None = None
        """Nothing is known until the first look."""
        self.unhealthy_looks = 0
        """Says how often it failed its healthcheck, after the time that it has to start."""
        self.looks, self.look_seconds = 0, 0.0
        """Says how many healthchecks came to their end, and the CPU seconds that they took."""
        self.most_memory = 0
        """The most that all its processes took together, in bytes; what they share counts once."""
        self._command, self._test, self._env, self._folder, self._cwd = command, test, env, folder, cwd
        self._clock = clock
        self._process: Process | None = None
        self._look: subprocess.Popen[bytes] | None = None
        self._failures, self._started_at, self._look_at, self._look_began = 0, 0.0, 0.0, 0.0

    @property
    def is_running(self) -> bool:
        """Say whether its program runs."""
        return self._process is not None and self._process.is_alive()

    @property
    def was_started(self) -> bool:
        """Say whether its program was started."""
        return self._process is not None

    def tail(self) -> str:
        """Return the end of its log."""
        return self._process.tail() if self._process else ""

    def start(self) -> None:
        """Start its program."""
        self._process = Process(self.name, self._command, env=self._env, folder=self._folder, cwd=self._cwd)
        self.healthy, self._failures = None, 0
        self._started_at = self._clock()
        self._look_at = self._started_at + _START_INTERVAL_SECONDS

    def stop(self, number: signal.Signals) -> None:
        """Ask its program to end, as Docker does, and kill it where it does not."""
        self._end_look()
        process = self._process
        if process is None:
            return
        if process.is_alive():
            os.kill(process.pid, number)
            with contextlib.suppress(WaitTimeoutError):
                wait_until(lambda: not process.is_alive(), what=self.name, timeout_seconds=_STOP_SECONDS)
        if process.is_alive():
            process.kill()
        process.stop(grace_seconds=1)

    def kill(self) -> int:
        """Kill its program and all that it has started, and return how many processes these were."""
        return self._process.kill() if self._process is not None else 0

    def step(self) -> None:
        """Look whether it is well, where it is time to."""
        check = self.service.healthcheck
        if check is None or not self.is_running:
            self._end_look()
            return
        if self._look is not None:
            self._step_look(check, self._look)
        elif self._clock() >= self._look_at:
            self._look = subprocess.Popen(
                self._test,
                env=dict(self._env),
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._look_began = self._clock()

    def measure(self) -> None:
        """Add up the memory of all its processes."""
        if self._process is None or not self.is_running:
            return
        total = 0
        for process in _tree(self._process):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        self.most_memory = max(self.most_memory, total)

    def _step_look(self, check: Healthcheck, look: subprocess.Popen[bytes]) -> None:
        pid, status, usage = os.wait4(look.pid, os.WNOHANG)
        late = self._clock() - self._look_began > check.timeout
        if not pid and not late:
            return
        if pid:
            look.returncode = os.waitstatus_to_exitcode(status)
            self.looks += 1
            self.look_seconds += usage.ru_utime + usage.ru_stime
        well = bool(pid) and look.returncode == 0
        self._end_look()
        starting = self._clock() - self._started_at < check.start_period
        if well:
            self.healthy, self._failures = True, 0
        elif not starting:
            self._failures += 1
            self.unhealthy_looks += 1
            if self._failures >= check.retries:
                self.healthy = False
        pause = _START_INTERVAL_SECONDS if self.healthy is None and starting else check.interval
        self._look_at = self._clock() + min(pause, check.interval)

    def _end_look(self) -> None:
        if self._look is not None and self._look.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._look.pid, signal.SIGKILL)
            self._look.wait()
        self._look = None


def _tree(process: Process) -> list[psutil.Process]:
    """Return a program and all that it started, also where that has a session of its own."""
    try:
        main = psutil.Process(process.pid)
        there = {child.pid: child for child in [main, *main.children(recursive=True)]}
        return list({**there, **{pid: psutil.Process(pid) for pid in process.members() if pid not in there}}.values())
    except psutil.Error:
        return []
