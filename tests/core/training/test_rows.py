from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.assess import weigh
from airmedic_core.errors import TrainingError
from airmedic_core.records import Batch, Cause, Finding, Verdict
from airmedic_core.training.rows import settled_labels, training_rows, training_window, unusable_windows
from airmedic_core.windows import Window, as_utc
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, observe, renewals, spec_of, workspace

FEBRUARY = Window(day(0), day(40))


def test_the_newest_part_is_withheld_at_a_moment(ws: Workspace) -> None:
    rows = training_rows(ws, FEBRUARY, day(42))
    assert len(rows.withheld) == pytest.approx(0.2 * 40 * 60, abs=60)
    assert rows.train["at"].max() < rows.withheld["at"].min() == rows.holdout.start
    assert rows.window.end == rows.holdout.start


def test_rows_of_one_moment_are_never_on_both_sides(tmp_path: Path) -> None:
    daily = renewals()
    daily["at"] = daily["at"].dt.floor("D")
    doubled = pd.concat([daily, daily]).sort_values("at", kind="stable")
    rows = training_rows(workspace(tmp_path, doubled), FEBRUARY, day(42))
    sides = [set(map(tuple, part.astype(str).to_numpy())) for part in (rows.train, rows.withheld)]
    assert not sides[0] & sides[1]


def test_labels_that_are_not_known_yet_are_not_used(ws: Workspace) -> None:
    rows = training_rows(ws, FEBRUARY, day(40))
    assert (rows.train["known_at"] <= day(40)).all()
    assert (rows.withheld["known_at"] <= day(40)).all()
    # Outcomes are known two days later: the rows of the last two days are not, but for the one at that very moment.
    assert rows.left_out == {"label not known yet": 119}
    assert len(rows.frame) == 40 * 60


def test_quarantined_windows_and_those_with_a_cause_in_the_data_are_left_out(ws: Workspace) -> None:
    observe(ws, 5, cause=Cause.DATA_CORRUPTION)
    observe(ws, 6, cause=Cause.CONCEPT_DRIFT)
    observe(ws, 7, outcome="watch", cause=Cause.STALE_DATA)
    ws.ledger.set_override("renewals", "quarantine", Window(day(9), day(10)).key, {}, author="anna", reason="x")
    bad = {Window(day(number), day(number + 1)) for number in (5, 7, 9)}
    assert set(unusable_windows(ws)) == bad
    rows = training_rows(ws, FEBRUARY, day(42))
    days = set((rows.frame["at"] - day(0)).dt.days)
    assert days == set(range(40)) - {5, 7, 9}
    assert rows.left_out == {"data_corruption": 60, "stale_data": 60, "quarantined": 60}


def test_what_monitoring_never_assessed_is_left_out(ws: Workspace) -> None:
    assert unusable_windows(ws) == {}, "nothing was ever monitored: the first champion is trained on what is there"
    for number in (32, 33, 36, 38):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    ws.ledger.record_batch(Batch("renewals", Window(day(40), day(41)), day(43), 60), model_version="1")
    gaps = (Window(day(34), day(36)), Window(day(37), day(38)), Window(day(39), day(41)))
    assert unusable_windows(ws) == dict.fromkeys(gaps, "never assessed")


def test_to_look_at_a_window_of_the_reference_again_makes_no_gap_in_it(ws: Workspace) -> None:
    for number in (10, 30, 31):
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    assert unusable_windows(ws) == {}


def test_windows_whose_data_were_not_checked_are_left_out(ws: Workspace) -> None:
    failed = Finding("quality", "batch", "error", Verdict.UNKNOWN, message="The check failed: OSError",
                     details={"failed": True})  # fmt: skip
    watched = observe(ws, 31, outcome="watch", cause=Cause.UNKNOWN)
    ws.ledger.record_findings(watched, "data", [failed], model_version="1")
    lost = observe(ws, 32, cause=Cause.CONCEPT_DRIFT)
    ws.ledger.record_findings(lost, "data", [failed], model_version="1")
    drifted = observe(ws, 33, outcome="watch", cause=Cause.UNKNOWN)
    ws.ledger.record_findings(drifted, "drift", [replace(failed, check="drift")], model_version="1")
    silent = observe(ws, 34, outcome="watch", cause=Cause.UNKNOWN)
    ws.ledger.record_assessment(silent, weigh(silent, []))
    expected = {seen.window: "not checked" for seen in (watched, lost, silent)}
    assert unusable_windows(ws) == expected


def test_after_a_change_the_withheld_part_leaves_rows_to_learn_it_from(ws: Workspace) -> None:
    window = Window(day(20), day(50))
    assert training_rows(ws, window, day(52)).holdout.start < day(45)
    rows = training_rows(ws, window, day(52), since=day(45))
    after = rows.train["at"] >= day(45)
    # Of the 300 rows since then 30 % would be 90, but the gate needs 100.
    assert after.sum() == 200


def test_the_withheld_part_is_of_enough_times_for_the_gate_where_a_day_is_one_moment(tmp_path: Path) -> None:
    rows = renewals(days=30, per_day=60)
    ws = workspace(tmp_path, rows.assign(at=rows["at"].dt.floor("D")))
    split = training_rows(ws, Window(day(0), day(30)), day(40), since=day(26))
    # 30 % of the four days since the change are 72 rows, which are two days; the gate needs five.
    assert split.withheld["at"].nunique() == 5


def test_too_few_rows_say_how_many_there_are(ws: Workspace) -> None:
    with pytest.raises(TrainingError, match=r"120 usable labelled rows.*200 are needed"):
        training_rows(ws, Window(day(0), day(2)), day(9))


def test_one_class_cannot_be_trained_on(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals().assign(churned=1))
    with pytest.raises(TrainingError, match="the same 'churned'"):
        training_rows(ws, FEBRUARY, day(42))


def test_a_rare_class_is_counted(tmp_path: Path) -> None:
    rows = renewals()
    ws = workspace(tmp_path, rows.assign(churned=(np.arange(len(rows)) % 300 == 0).astype(int)))
    with pytest.raises(TrainingError, match=r"Only 7 training rows.*churned = 1"):
        training_rows(ws, FEBRUARY, day(42))


def test_rows_of_one_moment_cannot_be_split(tmp_path: Path) -> None:
    ws = workspace(tmp_path, renewals().assign(at=day(3)))
    with pytest.raises(TrainingError, match="cannot be split in time"):
        training_rows(ws, FEBRUARY, day(99))


@pytest.mark.parametrize(
    ("length", "as_of", "start"),
    [
        ("12 months", "2016-04-01", "2015-04-01"),
        ("6 months", "2016-03-31T15:00", "2015-09-01"),
        ("30 days", "2026-03-31T06:00", "2026-03-01"),
    ],
)
def test_the_window_reaches_back_from_a_whole_boundary(tmp_path: Path, length: str, as_of: str, start: str) -> None:
    spec = spec_of(tmp_path, retrain={"window": length})
    assert training_window(spec, as_utc(as_of)) == Window(as_utc(start), as_utc(as_of))


def test_labels_that_arrive_early_do_not_stand_for_all(tmp_path: Path) -> None:
    """Who leaves is known on the next day, who stays after ten: of the last ten days only those who left are known."""
    rows = renewals()
    rows["known_at"] = rows["at"] + pd.to_timedelta(np.where(rows["churned"] == 1, 1, 10), unit="D")
    ws = workspace(tmp_path, rows)
    chosen = training_rows(ws, FEBRUARY, day(40))
    assert chosen.withheld["at"].max() <= day(30)
    usual = rows["churned"].mean()
    assert chosen.withheld["churned"].mean() == pytest.approx(usual, abs=0.1)
    left = rows[(rows["at"] > day(30)) & (rows["at"] < day(40)) & (rows["known_at"] <= day(40))]
    assert set(left["churned"]) == {1}
    assert chosen.left_out["label known early"] == len(left)
    # A reference that is refreshed has the performance of these rows, too.
    assert (settled_labels(ws.spec, chosen.frame, day(40)) == chosen.known).all()
    # The gate judges the rows of this window, also when more labels have come in since.
    assert chosen.holdout.end <= day(30) + pd.Timedelta(microseconds=1)
