from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from airmedic_local.cluster.first_start import reachable_home
from airmedic_local.cluster.running import keep_logs_only, make_anew
from airmedic_local.errors import LocalError


def test_a_folder_that_no_run_has_made_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "data" / "rows.csv"
    theirs.parent.mkdir()
    theirs.write_text("1")
    with pytest.raises(LocalError, match="holds what is not of a cluster"):
        make_anew(theirs.parent)
    keep_logs_only(theirs.parent)
    assert theirs.read_text() == "1"
    with pytest.raises(LocalError):
        make_anew(theirs)


def test_the_folder_of_an_earlier_run_is_made_anew_and_keeps_its_logs_afterwards(tmp_path: Path) -> None:
    home = tmp_path / "cluster"
    for _ in range(2):
        make_anew(home)
        assert [path.name for path in home.iterdir() if not path.name.startswith(".")] == []
        (home / "logs").mkdir()
        (home / "logs" / "worker.log").write_text("hello")
        (home / "postgres").mkdir()
        keep_logs_only(home)
        assert (home / "logs" / "worker.log").read_text() == "hello"
        assert not (home / "postgres").exists()
    (tmp_path / "empty").mkdir()
    make_anew(tmp_path / "empty")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="Postgres runs as the same user here")
def test_what_root_keeps_to_itself_is_no_place_for_postgres(tmp_path: Path) -> None:
    programs = {"setpriv": shutil.which("setpriv") or ""}
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    other = reachable_home(closed / "clone" / "cluster", programs)
    try:
        assert not other.is_relative_to(tmp_path)
        assert stat.S_IMODE(other.stat().st_mode) == 0o711
        assert reachable_home(other / "cluster", programs) == other / "cluster"
    finally:
        other.rmdir()
