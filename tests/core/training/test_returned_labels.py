"""Labels that people returned reach the training and its gate."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.asked_labels import record_answers, row_ids
from airmedic_core.decide.in_words import changes
from airmedic_core.errors import ReturnedLabelsError
from airmedic_core.records import Cause, Permission, Proposal
from airmedic_core.sources import read_window
from airmedic_core.training.fit import Challenger
from airmedic_core.training.learned_rows import LEARNS_FROM, learned_rows
from airmedic_core.training.rows import TrainingRows, training_rows
from airmedic_core.training.withheld import withheld_rows
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, day, incident_of, observe, renewals, workspace

ALL = Window(day(0), day(40))
TRAINED_DAY, WITHHELD_DAY = Window(day(20), day(21)), Window(day(38), day(39))
RETURNED = day(42)
LATER = day(50)


def unlabelled() -> pd.DataFrame:
    """Renewals of forty days, of two of which the source never says what came of them. Each row of the first is there
    twice, and so on both days people have to tell two rows apart that are the same."""
    rows = renewals(days=40)
    rows["churned"] = rows["churned"].astype(float)
    for silent in (TRAINED_DAY, WITHHELD_DAY):
        inside = (rows["at"] >= pd.Timestamp(silent.start)) & (rows["at"] < pd.Timestamp(silent.end))
        rows.loc[inside, "churned"] = np.nan
        rows["known_at"] = rows["known_at"].where(~inside)
    twice = rows[(rows["at"] >= pd.Timestamp(TRAINED_DAY.start)) & (rows["at"] < pd.Timestamp(TRAINED_DAY.end))]
    return pd.concat([rows, twice]).sort_values("at", kind="stable").reset_index(drop=True)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, unlabelled())


def request(window: Window, rows: list[str]) -> Proposal:
    params = {"window": window.key, "rows": rows}
    return Proposal("i", "renewals", "request_labels", params, "", Permission.AUTO, "", NOW, NOW)


def return_labels(ws: Workspace, window: Window, count: int) -> dict[str, int]:
    """Return labels of the first rows of a day, 1 and 0 in turn."""
    ids = [str(row) for row in row_ids(ws.spec, read_window(ws.spec, window))[:count]]
    labels = {row: (number + 1) % 2 for number, row in enumerate(ids)}
    record_answers(ws, request(window, ids), list(labels.items()), by="ada", now=RETURNED)
    return labels


def test_they_are_learned_from_or_judged_on_never_both(ws: Workspace) -> None:
    before = training_rows(ws, ALL, LATER)
    return_labels(ws, TRAINED_DAY, 30)
    return_labels(ws, WITHHELD_DAY, 20)
    rows = training_rows(ws, ALL, LATER)
    assert rows.answered is not None
    assert [int((rows.answered & side).sum()) for side in (~rows.newest, rows.newest)] == [30, 20]
    assert len(rows.train) + len(rows.withheld) == len(before.train) + len(before.withheld) + 50
    assert rows.train["at"].max() < rows.withheld["at"].min()
    learned = rows.frame[rows.answered & ~rows.newest]
    # Each row is there twice, so the first thirty rows are fifteen pairs, labelled 1 and 0 in turn.
    assert learned["churned"].tolist() == [1.0, 0.0] * 15
    assert (learned["known_at"] == pd.Timestamp(RETURNED)).all()
    held = withheld_rows(ws, as_challenger(rows), LATER)
    inside = (held["at"] >= pd.Timestamp(WITHHELD_DAY.start)) & (held["at"] < pd.Timestamp(WITHHELD_DAY.end))
    assert held.loc[inside, "churned"].tolist() == [1.0, 0.0] * 10
    assert len(held) == len(rows.withheld)


def as_challenger(rows: TrainingRows) -> Challenger:
    """A challenger of which nothing but its withheld rows is looked at."""
    return Challenger(version=None, run_id="", train_window=rows.window, holdout_window=rows.holdout)  # type: ignore[arg-type]


def test_they_do_not_exist_before_people_gave_them(ws: Workspace) -> None:
    return_labels(ws, TRAINED_DAY, 30)
    assert training_rows(ws, ALL, RETURNED - timedelta(seconds=1)).answered is None
    known = training_rows(ws, ALL, RETURNED).answered
    assert known is not None
    assert known.sum() == 30


def test_they_make_no_other_label_look_late(ws: Workspace) -> None:
    before = training_rows(ws, ALL, day(41))
    # Twenty days after their rows: if they counted, labels would seem to take so long, and no newer row would count.
    return_labels(ws, TRAINED_DAY, 100)
    rows = training_rows(ws, ALL, RETURNED)
    assert rows.holdout.end >= before.holdout.end


def test_rows_that_were_delivered_anew_get_none(ws: Workspace) -> None:
    return_labels(ws, TRAINED_DAY, 30)
    rows = unlabelled()
    rows.assign(usage=rows["usage"] + 1.0).to_parquet(ws.spec.data.path)
    assert training_rows(ws, ALL, LATER).answered is None


def test_foreign_rows_and_rows_that_come_twice_are_refused(ws: Workspace) -> None:
    ids = [str(row) for row in row_ids(ws.spec, read_window(ws.spec, TRAINED_DAY))[:2]]
    for answers in ([("strange-0", 1)], [(ids[0], 1), (ids[0], 1)]):
        with pytest.raises(ReturnedLabelsError):
            record_answers(ws, request(TRAINED_DAY, ids), answers, by="ada", now=RETURNED)
    assert training_rows(ws, ALL, LATER).answered is None


def test_people_see_what_is_learned_from_before_they_approve(ws: Workspace) -> None:
    return_labels(ws, TRAINED_DAY, 30)
    for number in range(31, 40):
        observe(ws, number, cause=Cause.CONCEPT_DRIFT, outcome="incident")
    incident = incident_of(ws, 39, Cause.CONCEPT_DRIFT)
    params, _ = ACTIONS.member("retrain").plan(ws, incident, None)
    counts = params[LEARNS_FROM]
    rows = training_rows(
        ws,
        Window(pd.Timestamp(params["window_start"]), pd.Timestamp(params["window_end"])),
        incident.as_of,
        since=pd.Timestamp(params["since"]),
    )
    assert counts == learned_rows(ws.spec, rows, since=pd.Timestamp(params["since"]))
    assert (counts["labelled"], counts["withheld"]) == (len(rows.train), len(rows.withheld))
    told = changes(Proposal("i", "renewals", "retrain", params, "", Permission.ASK, "", NOW, NOW))
    shown = " ".join(told)
    assert f"{counts['labelled']:,} with labels" in shown
    assert f"Another {counts['withheld']:,} labelled rows, the newest, are kept for the comparison." in shown
