"""The tasks of one monitoring run read and score the rows of a batch once."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core import sources
from airmedic_core.monitor import assess, check_batch
from airmedic_core.monitor.context import open_context
from airmedic_core.records import Finding
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import batch_of, change_days

GROUPS = ("data", "drift", "performance")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The windows of one day that were read, one entry for each time."""
    read, seen = sources.read_sample, []

    def counted(spec, window, **more):
        if window is not None and (window.end - window.start).days == 1:
            seen.append(window.key)
        return read(spec, window, **more)

    monkeypatch.setattr(sources, "read_sample", counted)
    return seen


def _shared(ws: Workspace) -> list[Path]:
    return [path for path in (ws.settings.home / "windows" / ws.spec.name / "shared").glob("*") if path.is_dir()]


def _findings(ws: Workspace, *, alone: bool) -> list[Finding]:
    batch = batch_of(ws, 40)
    findings = []
    for group in GROUPS:
        findings += check_batch(ws, batch, group)
        if alone:
            for place in _shared(ws):
                (place / "rest.json").unlink()
    return findings


def test_three_tasks_read_a_batch_once(ws: Workspace, reads: list[str]) -> None:
    batch = batch_of(ws, 40)
    for group in GROUPS:
        check_batch(ws, batch, group)
    assert reads.count(batch.window.key) == 1


def test_what_is_found_is_the_same_as_where_each_reads_for_itself(ws: Workspace) -> None:
    change_days(ws, 40, 40, lambda rows: rows.assign(usage=rows["usage"] + 3))
    together = _findings(ws, alone=False)
    assert together == _findings(ws, alone=True)
    assert any(finding.verdict == "alert" for finding in together)


def test_rows_come_back_as_they_were(ws: Workspace) -> None:
    batch = batch_of(ws, 40)
    first, second = open_context(ws, batch), open_context(ws, batch)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert first.profile.to_json() == second.profile.to_json()
    assert first.scored is not None
    assert second.scored is not None
    np.testing.assert_array_equal(first.scored.scores, second.scored.scores)
    np.testing.assert_array_equal(first.scored.labels, second.scored.labels)
    np.testing.assert_array_equal(first.scored.predicted, second.scored.predicted)
    assert (first.scored.classes, first.scored.version) == (second.scored.classes, second.scored.version)


def test_rows_that_were_delivered_anew_are_read_anew(ws: Workspace, reads: list[str]) -> None:
    batch = batch_of(ws, 40)
    check_batch(ws, batch, "data")
    change_days(ws, 40, 40, lambda rows: rows.assign(usage=0.0))
    assert (open_context(ws, batch).frame["usage"] == 0).all()
    assert reads.count(batch.window.key) == 2


def test_what_is_damaged_or_old_is_read_anew(ws: Workspace, reads: list[str]) -> None:
    batch = batch_of(ws, 40)
    for spoil in (lambda file: file.write_bytes(b"half"), lambda file: os.utime(file.parent, (0, 0))):
        check_batch(ws, batch, "data")
        (place,) = _shared(ws)
        spoil(place / "rows.arrow")
    check_batch(ws, batch, "data")
    assert reads.count(batch.window.key) == 3


def test_nothing_is_left_once_the_batch_is_assessed(ws: Workspace) -> None:
    died, batch = batch_of(ws, 39), batch_of(ws, 40)
    check_batch(ws, died, "data")
    for left in (ws.settings.home / "windows" / ws.spec.name / "shared").glob("*"):
        os.utime(left, (0, 0))
    for group in GROUPS:
        check_batch(ws, batch, group)
    assert len(_shared(ws)) == 2
    assess(ws, batch)
    assert list((ws.settings.home / "windows" / ws.spec.name / "shared").glob("*")) == []
