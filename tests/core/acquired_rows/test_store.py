"""Stored rows: marked, out of reach of every source, and used only as they were stored."""

from pathlib import Path

import pandas as pd
import pytest

from airmedic.testing.production import renewals, workspace
from airmedic_core.acquired_rows import MARK, AcquiredRows, forget, joined, store_rows, stored_files, stored_rows
from airmedic_core.errors import TrainingError
from airmedic_core.sources import read_window
from airmedic_core.workspace import Workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=3))


def made(ws: Workspace) -> AcquiredRows:
    frame = read_window(ws.spec, None).head(4).assign(**{MARK: True, "airmedic_label_from": "teachers"})
    return AcquiredRows(frame, 5, 0.7, {"teachers": 4})


def test_rows_come_back_under_their_hash(ws: Workspace) -> None:
    acquired = store_rows(ws, made(ws), "first")
    assert (acquired["rows"], acquired["made"], acquired["teachers"]) == (4, 5, 4)
    assert len(stored_rows(ws, acquired)) == 4
    assert store_rows(ws, made(ws), "first") == acquired
    assert not list(stored_files(ws).glob("*.part"))
    assert stored_files(ws).stat().st_mode & 0o777 == 0o700


def test_what_was_changed_or_removed_is_not_trained_on(ws: Workspace) -> None:
    acquired = store_rows(ws, made(ws), "first")
    place = stored_files(ws) / acquired["file"]
    pd.read_parquet(place).assign(churned=1).to_parquet(place)
    with pytest.raises(TrainingError, match="not as they were stored"):
        stored_rows(ws, acquired)
    assert forget(ws, "first")
    assert not forget(ws, "first")
    with pytest.raises(TrainingError, match="not there any more"):
        stored_rows(ws, acquired)


def test_made_rows_follow_the_real_ones_and_are_marked(ws: Workspace) -> None:
    rows = read_window(ws.spec, None)
    both = joined(ws.spec, rows, stored_rows(ws, store_rows(ws, made(ws), "first")))
    assert both[MARK].tolist() == [False] * len(rows) + [True] * 4
    assert [*both.columns] == [*rows.columns, MARK]
    assert both["churned"].dtype == rows["churned"].dtype


def test_no_source_reads_them(ws: Workspace) -> None:
    before = len(read_window(ws.spec, None))
    store_rows(ws, made(ws), "first")
    assert len(read_window(ws.spec, None)) == before


def test_a_name_leads_nowhere_else(ws: Workspace) -> None:
    with pytest.raises(TrainingError, match="not there"):
        stored_rows(ws, {"file": "../../rows.parquet", "sha256": ""})
