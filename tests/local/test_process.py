from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import psutil
import pytest

from airmedic_local.errors import ServiceDiedError, WaitTimeoutError
from airmedic_local.process import Process, end_leftovers, wait_until

# Starts a grandchild in a process group of its own, as Airflow does with tasks, and tells its number.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import os, time; os.setpgid(0, 0); time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


def start(folder: Path, code: str, name: str = "program") -> Process:
    return Process(name, [sys.executable, "-c", code], env=dict(os.environ), folder=folder, cwd=folder)


def grandchild_of(process: Process) -> int:
    wait_until(lambda: process.log.read_text().endswith("\n"), what="the grandchild", timeout_seconds=20)
    return int(process.log.read_text())


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_stopping_ends_what_the_program_started_too(tmp_path: Path) -> None:
    process = start(tmp_path, PARENT)
    grandchild = grandchild_of(process)
    assert runs(grandchild)
    process.stop()
    assert not process.is_alive()
    assert not runs(grandchild)
    assert not list(tmp_path.glob("*.pid"))


def test_a_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    process = start(tmp_path, deaf)
    wait_until(lambda: "deaf" in process.log.read_text(), what="the program", timeout_seconds=20)
    process.stop(grace_seconds=0.2)
    assert not process.is_alive()


def test_a_program_that_ends_by_itself_is_reported_with_its_last_words(tmp_path: Path) -> None:
    process = start(tmp_path, "import sys; print('no such database'); sys.exit(3)")
    wait_until(lambda: not process.is_alive(), what="the end", timeout_seconds=20)
    with pytest.raises(ServiceDiedError, match=r"exit code 3[\s\S]*no such database"):
        process.check()
    process.stop()


def test_leftovers_of_a_killed_runner_are_ended(tmp_path: Path) -> None:
    process = start(tmp_path, PARENT, name="scheduler")
    grandchild = grandchild_of(process)
    assert end_leftovers(tmp_path) == ["scheduler"]
    assert not runs(grandchild)
    process.stop()


def test_a_process_that_merely_has_the_number_of_a_leftover_is_left_alone(tmp_path: Path) -> None:
    other = start(tmp_path / "other", "import time; time.sleep(600)")
    mine = tmp_path / "mine"
    mine.mkdir()
    record = json.loads((tmp_path / "other" / "program.pid").read_text())
    (mine / "scheduler.pid").write_text(json.dumps(record))
    assert end_leftovers(mine) == []
    assert other.is_alive()
    other.stop()


def test_waiting_in_vain_says_for_what() -> None:
    with pytest.raises(WaitTimeoutError, match="in vain for the moon"):
        wait_until(lambda: False, what="the moon", timeout_seconds=0.0)
