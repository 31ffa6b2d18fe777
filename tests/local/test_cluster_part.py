"""A service of the cluster: whether it is well, what ends it, and what is left of it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from airmedic_local.cluster.compose import Healthcheck, Service
from airmedic_local.cluster.part import Part
from airmedic_local.process import wait_until

WAITS = "import time; time.sleep(600)"
WITH_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{WAITS}'])"
CHECK = Healthcheck(("CMD", "test"), interval=30, timeout=10, retries=2, start_period=20)


class Clock:
    """Stands still, until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def started(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Part]]:
    parts: list[Part] = []

    def start(code: str, test: list[str]) -> Part:
        service = Service("one", "", (), (), {}, (), {}, (), {}, {}, CHECK, restarts=True, most_memory=None)
        command = [sys.executable, "-c", code]
        part = Part(service, command, test, env=os.environ, folder=tmp_path, cwd=tmp_path, clock=clock)
        part.start()
        parts.append(part)
        return part

    yield start
    for part in parts:
        part.stop(signal.SIGTERM)


def look(part: Part, clock: Clock, at: float) -> bool | None:
    """Let it look at a moment, and return whether it is well after that."""
    clock.now, before = at, part.looks
    part.step()

    def looked() -> bool:
        part.step()
        return part.looks > before

    wait_until(looked, what="the look", timeout_seconds=60)
    return part.healthy


def test_a_service_is_well_once_its_test_passes(started: Callable[..., Part], clock: Clock, tmp_path: Path) -> None:
    part = started(WAITS, ["test", "-e", str(tmp_path / "ready")])
    assert part.healthy is None
    assert look(part, clock, at=6) is None
    (tmp_path / "ready").touch()
    assert look(part, clock, at=12) is True
    assert part.unhealthy_looks == 0, "what fails while it starts does not count"


def test_a_service_is_not_well_when_it_has_failed_too_often(started: Callable[..., Part], clock: Clock) -> None:
    part = started(WAITS, ["false"])
    assert look(part, clock, at=21) is None
    assert look(part, clock, at=60) is False
    assert part.unhealthy_looks == 2


def test_a_test_that_does_not_end_in_time_has_failed(started: Callable[..., Part], clock: Clock) -> None:
    part = started(WAITS, ["sleep", "600"])
    for begins in (30.0, 80.0):
        clock.now = begins
        part.step()
        clock.now = begins + 11
        part.step()
    assert (part.healthy, part.unhealthy_looks, part.looks) == (False, 2, 0)


def test_nobody_looks_more_often_than_the_file_says(started: Callable[..., Part], clock: Clock) -> None:
    part = started(WAITS, ["true"])
    look(part, clock, at=6)
    clock.now = 35
    part.step()
    assert part.looks == 1
    look(part, clock, at=37)
    assert part.looks == 2


def test_a_kill_leaves_no_process_of_a_service_behind(started: Callable[..., Part]) -> None:
    part = started(WITH_A_CHILD, ["true"])
    assert part._process is not None
    main = psutil.Process(part._process.pid)
    wait_until(lambda: bool(main.children()), what="the child", timeout_seconds=60)
    child = main.children()[0]
    assert part.kill() == 2
    assert not part.is_running
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    part.start()
    assert part.is_running


def test_the_memory_of_all_its_processes_counts(started: Callable[..., Part]) -> None:
    part = started(WITH_A_CHILD, ["true"])
    assert part._process is not None
    main = psutil.Process(part._process.pid)
    wait_until(lambda: bool(main.children()), what="the child", timeout_seconds=60)
    part.measure()
    # A Python that does nothing takes at least this much of its own.
    assert part.most_memory > 2 * 2_000_000
