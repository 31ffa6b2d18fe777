"""Rows that were labelled under one window, seen from another one that overlaps it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.asked_labels import answered_rows, record_answers, row_ids, with_all_answers, with_answers
from airmedic_core.errors import ReturnedLabelsError
from airmedic_core.execution import carry_out
from airmedic_core.records import Cause, Permission, Proposal
from airmedic_core.returned_labels import take_labels
from airmedic_core.sources import read_window
from airmedic_core.training.adopt import adopt
from airmedic_core.training.rows import training_rows
from airmedic_core.windows import Window, as_utc
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, renewals, workspace

ALL = Window(day(0), day(40))
TUESDAY, BOTH_DAYS = Window(day(38), day(39)), Window(day(37), day(39))
EARLIER, LATER = day(42), day(43)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty days, of the 39th of which the source never says what came of its rows."""
    rows = renewals(days=40)
    silent = (rows["at"] >= pd.Timestamp(TUESDAY.start)) & (rows["at"] < pd.Timestamp(TUESDAY.end))
    folder = tmp_path_factory.mktemp("overlapping")
    blank = {"churned": rows["churned"].astype(float).where(~silent), "known_at": rows["known_at"].where(~silent)}
    adopt(workspace(folder, rows.assign(**blank)), by="anna")
    return folder


@pytest.fixture
def ws(prepared: Path, tmp_path: Path) -> Workspace:
    return copy_of(prepared, tmp_path)


def ids_of(ws: Workspace, window: Window) -> list[str]:
    """The ids of the silent day's rows, as they are in a window."""
    rows = read_window(ws.spec, window)
    silent = (rows["at"] >= pd.Timestamp(TUESDAY.start)).to_numpy()
    return [str(row) for row in row_ids(ws.spec, rows)[silent]]


def give(ws: Workspace, window: Window, labels: list[int], at: datetime) -> int:
    """Return labels of the first rows of the silent day, under a window."""
    ids = ids_of(ws, window)[: len(labels)]
    params = {"window": window.key, "rows": ids}
    request = Proposal("i", "renewals", "request_labels", params, "", Permission.AUTO, "", NOW, NOW)
    return record_answers(ws, request, list(zip(ids, labels, strict=True)), by="ada", now=at)


def put_on_record(ws: Workspace, window: Window, labels: list[int], at: datetime) -> None:
    """Put labels on record as an earlier version did, which looked at no other window."""
    answers = zip(ids_of(ws, window), labels, strict=False)
    rows = {row: {"label": label, "at": at.isoformat()} for row, label in answers}
    value = {"rows": rows, "proposal": "0" * 64, "looked_at": True}
    ws.ledger.set_override("renewals", "labelled", window.key, value, author="ada", reason="They were asked for.")


def test_a_row_that_was_labelled_under_two_windows_counts_once_from_the_earlier_answer_on(ws: Workspace) -> None:
    before = training_rows(ws, ALL, day(50))
    give(ws, BOTH_DAYS, [1, 0, 1, 0], LATER)
    give(ws, TUESDAY, [1, 0, 1, 0, 1, 1], EARLIER)
    rows = training_rows(ws, ALL, day(50))
    assert rows.answered is not None
    assert int(rows.answered.sum()) == 6
    assert len(rows.train) + len(rows.withheld) == len(before.train) + len(before.withheld) + 6
    given = rows.frame[rows.answered]
    assert given["churned"].tolist() == [1, 0, 1, 0, 1, 1]
    assert (given["known_at"] == pd.Timestamp(EARLIER)).all()


def test_a_row_whose_labels_differ_is_left_out_once_both_are_known(ws: Workspace) -> None:
    put_on_record(ws, TUESDAY, [1, 0, 1], EARLIER)
    put_on_record(ws, BOTH_DAYS, [0, 0], LATER)
    frame = read_window(ws.spec, ALL)
    filled, answered = with_all_answers(ws, ALL, frame, day(50))
    assert filled.loc[answered, "churned"].tolist() == [0, 1]
    filled, answered = with_all_answers(ws, ALL, frame, EARLIER)
    assert filled.loc[answered, "churned"].tolist() == [1, 0, 1]
    day_alone = with_answers(ws, TUESDAY, read_window(ws.spec, TUESDAY))
    assert day_alone["churned"].dropna().tolist() == [0, 1]


def test_monitoring_sees_under_a_window_what_was_labelled_under_another(ws: Workspace) -> None:
    give(ws, BOTH_DAYS, [1, 0], EARLIER)
    rows = read_window(ws.spec, TUESDAY)
    assert with_answers(ws, TUESDAY, rows)["churned"].dropna().tolist() == [1, 0]
    assert int(answered_rows(ws, TUESDAY, rows).sum()) == 2


def test_another_label_than_under_the_other_window_is_refused(ws: Workspace) -> None:
    give(ws, TUESDAY, [1, 0], EARLIER)
    with pytest.raises(ReturnedLabelsError, match="1 rows were labelled before, and otherwise"):
        give(ws, BOTH_DAYS, [0, 0], LATER)
    assert [mark.key for mark in ws.ledger.overrides("renewals", "labelled")] == [TUESDAY.key]
    assert give(ws, BOTH_DAYS, [1, 0, 1], LATER) == 3


def test_no_row_is_asked_for_that_was_labelled_under_another_window(ws: Workspace) -> None:
    give(ws, BOTH_DAYS, [1] * 15, EARLIER)
    incident = incident_of(ws, 38, Cause.UNKNOWN)
    params, _ = ACTIONS.member("request_labels").plan(ws, incident, None)
    assert set(params["rows"]) == set(ids_of(ws, TUESDAY)[15:])


@pytest.mark.parametrize("healthy", [False, True])
def test_labels_reach_the_training_of_the_incident_that_they_were_asked_for(ws: Workspace, healthy: bool) -> None:
    incident = incident_of(ws, 38, Cause.UNKNOWN)
    params, _ = ACTIONS.member("request_labels").plan(ws, incident, None)
    proposal = approved(ws, incident, "request_labels", params)
    assert carry_out(ws, proposal.hash, now=NOW).status == "done"
    truth = renewals(days=40)
    happened = truth[(truth["at"] >= pd.Timestamp(TUESDAY.start)) & (truth["at"] < pd.Timestamp(TUESDAY.end))]
    known = dict(zip(ids_of(ws, TUESDAY), happened["churned"], strict=True))
    # Labels that contradict the model make an incident of the day again; the true ones say that nothing is wrong.
    labels = [(row, str(known[row] if healthy else 1 - known[row])) for row in params["rows"]]
    at = day(43)
    taken = take_labels(ws, labels, by="ada", now=at)
    assert (taken.outcome == "an incident") is not healthy
    after = ws.ledger.incident(incident.id)
    assert (after.as_of, after.batch_ids) == (at, incident.batch_ids)
    if not healthy:
        # Every label of the day is wrong now: the day is kept out of trainings.
        return
    plan, _ = ACTIONS.member("retrain").plan(ws, after, None)
    rows = training_rows(ws, Window(as_utc(plan["window_start"]), as_utc(plan["window_end"])), as_utc(plan["as_of"]))
    assert rows.answered is not None
    assert int(rows.answered.sum()) == len(labels)
