"""The line that says what a command is doing: on a terminal only, and never among what the command prints."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from airmedic_core.terminal import progress
from airmedic_core.terminal.output import judged, say
from airmedic_core.terminal.progress import Progress, no_more_progress, step

ERASE = "\r\x1b[K"
SPEC = """\
name: churn
task: binary
target: y
data: {path: good.csv, time_column: at}
"""
AT_ONCE = """
import sys
from airmedic_core.terminal import progress
progress.AFTER_SECONDS = 0
from airmedic_core.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""A command that shows its line from the beginning: how quick the machine is does not matter then."""


class Terminal(io.StringIO):
    """A terminal that says when something was written to it."""

    encoding = "ascii"

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error as a terminal, outside of CI, on which the line shows at once."""
    there = Terminal()
    # pytest puts its own in place of sys.stderr after the fixtures.
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=there))
    monkeypatch.setattr(progress, "AFTER_SECONDS", 0)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return there


def lines(shown: str) -> list[str]:
    """Return the lines that were drawn, without the seconds."""
    return re.findall(r"\x1b\[K(airmedic [^\r]*), \d+ s\r", shown)


def test_each_step_is_shown_and_nothing_is_left(terminal: Terminal) -> None:
    with progress.progress("validate"):
        step("looks at a.yaml", 1, 1_200)
        step("looks at b.yaml", 2, 1_200)
        step("ends")
    drawn = [line for line in dict.fromkeys(lines(terminal.getvalue())) if ":" in line]
    assert drawn == [
        "airmedic validate: looks at a.yaml, 1 of 1,200",
        "airmedic validate: looks at b.yaml, 2 of 1,200",
        "airmedic validate: ends",
    ]
    assert terminal.getvalue().endswith(ERASE)


def test_a_command_without_steps_shows_that_it_goes_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY_SECONDS", 0.001)
    with progress.progress("policy"):
        assert terminal.written.wait(timeout=30)
    assert set(lines(terminal.getvalue())) == {"airmedic policy"}


def test_a_quick_command_shows_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "AFTER_SECONDS", 3600)
    with progress.progress("stop"):
        step("throws the switch")
    assert terminal.getvalue() == ""


@pytest.mark.parametrize(("variable", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_nothing_is_shown_where_nobody_watches(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with progress.progress("check"):
        step("reads rows.csv")
    assert terminal.getvalue() == ""


def test_the_line_gives_way_to_what_is_printed(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    # Both go to the same screen, in the order in which they were written.
    monkeypatch.setattr(sys, "stdout", terminal)
    with progress.progress("replay"):
        step("looks at a window")
        say("The first line.")
        step("looks at another")
        judged("ok", "the second one")
    for printed in ("The first line.", "ok  the second one"):
        before, there, _ = re.sub(r"\x1b\[[\d;]*m", "", terminal.getvalue()).partition(printed)
        assert there, before
        assert before.endswith(ERASE)


def test_a_server_shows_nothing_once_it_serves(terminal: Terminal) -> None:
    with progress.progress("serve"):
        step("loads the champion")
        no_more_progress()
        step("serves")
        shown = terminal.getvalue()
    assert shown.endswith(ERASE)
    assert "serves" not in terminal.getvalue()


def test_what_a_terminal_cannot_show_does_not_stop_a_command(terminal: Terminal) -> None:
    with progress.progress("check"):
        step("reads d\u00e9j\u00e0\x1b[2J\n.csv")
        step("reads " + "long" * 100)
    (first, second) = [line for line in dict.fromkeys(lines(terminal.getvalue())) if ":" in line]
    assert first == "airmedic check: reads d?j? [2J .csv"
    assert len(second) <= 80 - len(", 0 s")
    terminal.close()  # it is gone, as after a hang-up
    line = Progress("check", terminal)
    line.say("goes on")
    line.stop()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec, good rows and rows in question."""
    folder = tmp_path_factory.mktemp("progress")
    random = np.random.default_rng(0)
    for number, name in enumerate(("good.csv", "new.csv")):
        x = random.normal(size=300)
        at = pd.date_range(f"2026-0{number + 1}-01", periods=300, freq="1h")
        pd.DataFrame({"at": at, "x": x, "y": (x + random.normal(size=300) > 0).astype(int)}).to_csv(
            folder / name, index=False
        )
    (folder / "churn.yaml").write_text(SPEC)
    return folder


def ran(files: Path, error: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a check with standard error somewhere, and its JSON on standard output, which is a pipe."""
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    command = ["check", "--model", "churn.yaml", "--reference", "good.csv", "--current", "new.csv", "--json", "-"]
    return subprocess.run(
        [sys.executable, "-c", AT_ONCE, *command],
        stdout=subprocess.PIPE,
        stderr=error,
        text=True,
        check=False,
        cwd=files,
        env={**kept, "TERM": "xterm", **environment},
    )


@pytest.fixture
def screen() -> Iterator[tuple[int, int]]:
    """Both ends of a real terminal."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def test_a_check_on_a_real_terminal_says_what_it_does_and_leaves_standard_output_alone(
    files: Path, screen: tuple[int, int]
) -> None:
    ours, theirs = screen
    done = ran(files, theirs)
    os.close(theirs)
    shown = os.read(ours, 1_000_000).decode()
    steps = [line.partition(": ")[2] for line in dict.fromkeys(lines(shown)) if ": " in line]
    assert steps == ["reads good.csv", "reads new.csv", "compares the rows"]
    assert shown.endswith(ERASE)
    assert done.returncode in {0, 1}
    assert "cause" in json.loads(done.stdout)


def test_a_check_in_ci_and_one_in_a_pipe_show_nothing(files: Path, screen: tuple[int, int]) -> None:
    ours, theirs = screen
    done = ran(files, theirs, CI="true")
    os.set_blocking(ours, False)
    with pytest.raises(BlockingIOError):
        os.read(ours, 1)
    os.close(theirs)
    piped = ran(files, subprocess.PIPE)
    assert piped.stderr == ""
    assert json.loads(piped.stdout) == json.loads(done.stdout)
