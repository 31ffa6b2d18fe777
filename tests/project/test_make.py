"""The Makefile and its set-up, as far as that shows without installing anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "target",
    [
        "demo",
        "test",
        "check",
        "docs",
        "e2e",
        "browser",
        "chaos",
        "cluster",
        "events",
        "bypass",
        "bench",
        "comparison",
        "matrix",
        "lock",
    ],
)
def test_every_target_sets_up_what_it_needs(target: str) -> None:
    env = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    planned = subprocess.run(
        ["make", "-n", target], cwd=PROJECT, env=env, capture_output=True, text=True, check=True
    ).stdout
    assert planned.splitlines()[0] == "sh scripts/set_up.sh"


def test_a_python_that_is_too_old_is_named_with_what_to_do(tmp_path: Path) -> None:
    project = _copy_of_set_up(tmp_path)
    old = tmp_path / "bin" / "python3"
    old.parent.mkdir()
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.1" && exit 0\nexit 1\n')
    old.chmod(0o755)
    env = {"PATH": f"{old.parent}{os.pathsep}/bin{os.pathsep}/usr/bin", "PYTHON": str(old)}
    done = subprocess.run(
        ["sh", "scripts/set_up.sh"], cwd=project, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13; found Python 3.8.1" in done.stderr
    assert "make PYTHON=" in done.stderr


def test_set_up_does_nothing_when_nothing_has_changed(tmp_path: Path) -> None:
    project = _copy_of_set_up(tmp_path)
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/true")
    inputs = "cat requirements.txt requirements-dev.txt pyproject.toml scripts/set_up.sh | cksum"
    stamp = subprocess.run(["sh", "-c", inputs], cwd=project, capture_output=True, text=True, check=True).stdout
    (project / ".venv" / "set-up-of").write_text(stamp)
    done = subprocess.run(["sh", "scripts/set_up.sh"], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


def _copy_of_set_up(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / "scripts").mkdir(parents=True)
    for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", "scripts/set_up.sh"):
        shutil.copy(PROJECT / name, project / name)
    return project
