"""Labels that would decide it are asked for, come back checked, and the diagnosis is made again."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core import monitor, returned_labels, scoring
from airmedic_core.actions import ACTIONS, request_labels
from airmedic_core.asked_labels import answers as on_record
from airmedic_core.asked_labels import record_answers, row_ids
from airmedic_core.checks import GROUPS
from airmedic_core.errors import ReturnedLabelsError
from airmedic_core.execution import carry_out, undo
from airmedic_core.ledger import Ledger
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.records import Cause, Diagnosis, RankedCause, Role, Severity, Verdict
from airmedic_core.returned_labels import (
    label_requests,
    new_answers,
    rows_to_label,
    take_labels,
    take_new_labels,
)
from airmedic_core.sources import read_window
from airmedic_core.training.adopt import adopt
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, copy_of, day, incident_of, renewals, workspace

ASKED = Window(day(33), day(34))
PER_DAY = 240


def flipped() -> pd.DataFrame:
    """The relation is another one from day 31 on, and nobody knows: no label of it ever arrives by itself."""
    rows = renewals(days=34, per_day=PER_DAY, changed_on=31)
    late = rows["at"] >= pd.Timestamp(day(31))
    return rows.assign(churned=rows["churned"].astype(float).where(~late), known_at=rows["known_at"].where(~late))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    ws = workspace(folder, flipped())
    adopt(ws, by="anna")
    look(ws, day(36))
    return folder


def look(ws: Workspace, at: Any, window: Window = ASKED) -> str:
    batch = resolve_batch(ws, window=window, moment=at, as_of=at)
    for group in GROUPS:
        check_batch(ws, batch, group)
    return assess(ws, batch).outcome


@pytest.fixture
def ws(prepared: Path, tmp_path: Path) -> Workspace:
    return copy_of(prepared, tmp_path)


def truth(ws: Workspace) -> dict[str, int]:
    """What happened on the day, by row."""
    rows = renewals(days=34, per_day=PER_DAY, changed_on=31)
    happened = rows[rows["at"] >= pd.Timestamp(ASKED.start)].reset_index(drop=True)
    delivered = read_window(ws.spec, ASKED)
    assert (delivered["usage"].to_numpy() == happened["usage"].to_numpy()).all()
    return dict(zip(row_ids(ws.spec, delivered), happened["churned"], strict=True))


def requested(ws: Workspace, number: int = 33) -> tuple[str, pd.DataFrame]:
    incident = incident_of(ws, number, Cause.UNKNOWN)
    params, _ = ACTIONS.member("request_labels").plan(ws, incident, None)
    proposal = approved(ws, incident, "request_labels", params)
    result = carry_out(ws, proposal.hash, now=NOW)
    assert result.status == "done", result.summary
    return proposal.hash, pd.read_csv(result.output["file"], dtype=str, keep_default_na=False)


def returned(ws: Workspace, file: pd.DataFrame) -> list[tuple[str, Any]]:
    known = truth(ws)
    return [(row, str(known[row])) for row in file["row"]]


def test_the_file_holds_the_rows_without_an_answer_and_evenly_over_what_the_model_says(ws: Workspace) -> None:
    _, file = requested(ws)
    assert {"row", "usage", "tenure", "plan", "model_says", "churned"} <= set(file)
    assert "known_at" not in file
    assert set(file["churned"]) == {""}
    assert file["row"].is_unique
    said = file["model_says"].value_counts(normalize=True)
    assert said.min() > 0.25, "both answers of the model are looked at"


def test_labels_that_come_back_decide_what_happened(ws: Workspace) -> None:
    _, file = requested(ws)
    before = ws.ledger.findings(f"renewals__{ASKED.key}", "performance")
    assert any(finding.role is Role.LOSS and finding.verdict is Verdict.UNKNOWN for finding in before)
    taken = take_labels(ws, returned(ws, file), by="ada", now=NOW)
    assert (taken.count, taken.outcome) == (len(file), "an incident")
    after = ws.ledger.findings(f"renewals__{ASKED.key}", "performance")
    lost = [finding for finding in after if finding.role is Role.LOSS and finding.verdict is Verdict.ALERT]
    assert lost
    diagnosis = next(known for known, stands in ws.ledger.diagnoses(taken.incident_id) if stands)
    assert diagnosis.cause is Cause.CONCEPT_DRIFT


def test_what_was_not_asked_for_or_comes_twice_is_refused_and_nothing_is_recorded(ws: Workspace) -> None:
    _, file = requested(ws)
    answers = returned(ws, file)
    other = next(row for row in truth(ws) if row not in set(file["row"])) if len(file) < PER_DAY else "strange-0"
    cases: list[tuple[Sequence[tuple[str, Any]], str]] = [
        ([*answers, (other, "1")], "1 rows were not asked for"),
        ([*answers, answers[0]], "1 rows come more than once"),
        ([(row, "") for row, _ in answers], "No row has a label"),
    ]
    for given, says in cases:
        with pytest.raises(ReturnedLabelsError, match=says):
            take_labels(ws, given, by="ada", now=NOW)
    assert ws.ledger.overrides("renewals", "labelled") == []


def test_some_come_now_and_the_others_later_and_none_twice(ws: Workspace) -> None:
    _, file = requested(ws)
    answers = returned(ws, file)
    take_labels(ws, [*answers[:10], *((row, "") for row, _ in answers[10:])], by="ada", now=NOW)
    other = [(row, "0" if label == "1" else "1") for row, label in answers[:10]]
    with pytest.raises(ReturnedLabelsError, match="10 rows were labelled before"):
        take_labels(ws, [*other, *answers[10:]], by="ada", now=NOW)
    assert len(new_answers(ws, answers)) == len(answers) - 10
    assert take_labels(ws, new_answers(ws, answers), by="ada", now=NOW).count == len(answers) - 10
    assert new_answers(ws, answers) == []
    assert take_labels(ws, answers, by="ada", now=NOW).count == 0, "the same again is done already"


def test_labels_are_known_from_the_moment_on_at_which_they_came(ws: Workspace) -> None:
    _, file = requested(ws)
    take_labels(ws, returned(ws, file), by="ada", now=NOW)
    look(ws, day(36))
    findings = ws.ledger.findings(f"renewals__{ASKED.key}", "performance")
    assert any(finding.role is Role.LOSS and finding.verdict is Verdict.UNKNOWN for finding in findings)
    look(ws, NOW + timedelta(minutes=1))
    findings = ws.ledger.findings(f"renewals__{ASKED.key}", "performance")
    assert any(finding.role is Role.LOSS and finding.verdict is Verdict.ALERT for finding in findings)


def test_without_a_request_nothing_is_taken(ws: Workspace) -> None:
    with pytest.raises(ReturnedLabelsError, match="Nobody was asked"):
        take_labels(ws, [("a-0", "1")], by="ada", now=NOW)


def test_a_request_that_is_undone_leaves_no_file(ws: Workspace) -> None:
    key, _ = requested(ws)
    (request,) = label_requests(ws)
    assert list(rows_to_label(ws)) == [key]
    undo(ws, key, now=NOW)
    assert not Path(request.output["file"]).exists()
    assert label_requests(ws) == []


@pytest.mark.parametrize(("cause", "asked"), [(Cause.UNKNOWN, True), (Cause.DATA_CORRUPTION, False)])
def test_it_is_called_for_where_labels_are_missing_and_no_rule_explains(
    ws: Workspace, cause: Cause, asked: bool
) -> None:
    incident = incident_of(ws, 33, cause)
    diagnosis = Diagnosis(incident.id, "rules", (RankedCause(cause, 0.9),), Severity.LOW, "It is so.", (), "0" * 64)
    assert ACTIONS.member("request_labels").called_for(ws, incident, diagnosis) is asked


def test_private_columns_are_not_handed_out(ws: Workspace) -> None:
    spec = ws.spec.model_copy(update={"private": ("tenure",)})
    private = replace(ws, spec=spec)
    assert isinstance(private.ledger, Ledger)
    _, file = requested(private)
    assert "tenure" not in file
    assert "usage" in file
    assert np.all(file["row"] != "")


def test_of_two_requests_each_takes_its_own_answers_and_what_cannot_be_read_keeps_nothing_back(ws: Workspace) -> None:
    before = Window(day(32), day(33))
    look(ws, day(36), before)
    _, first = requested(ws)
    _, second = requested(ws, 32)
    rows = [first["row"][0], first["row"][1], second["row"][0]]
    answers = [(rows[0], "1"), (rows[1], "yess"), (rows[2], "0"), ("never asked", "1")]
    taken = take_new_labels(ws, answers, by="label_studio", now=NOW)
    assert {labels.window: labels.count for labels in taken} == {ASKED: 1, before: 1}
    recorded = {mark.key: set(mark.value["rows"]) for mark in ws.ledger.overrides("renewals", "labelled")}
    assert recorded == {ASKED.key: {rows[0]}, before.key: {rows[2]}}
    assert take_new_labels(ws, answers, by="label_studio", now=NOW) == []


class Killed(BaseException):
    """Ends a process in the middle of what it does."""


@pytest.mark.parametrize("by_file", [True, False])
def test_a_window_that_was_not_looked_at_because_the_process_was_killed_is_looked_at(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, by_file: bool
) -> None:
    _, file = requested(ws)
    answers = returned(ws, file)

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(monitor, "check_batch", dies)
        with pytest.raises(Killed):
            take_labels(ws, answers, by="ada", now=NOW)
    if by_file:
        taken = take_labels(ws, answers, by="ada", now=NOW)
    else:
        (taken,) = take_new_labels(ws, answers, by="label_studio", now=NOW)
    assert (taken.count, taken.outcome) == (0, "an incident")
    (mark,) = ws.ledger.overrides("renewals", "labelled")
    assert (mark.author, mark.value["looked_at"]) == ("ada", True)


@pytest.mark.parametrize("label", ["yess", "2", "0.5", "0 1"])
def test_a_label_that_is_no_class_is_refused(ws: Workspace, label: str) -> None:
    _, file = requested(ws)
    with pytest.raises(ReturnedLabelsError, match="is no value of 'churned'"):
        take_labels(ws, [(file["row"][0], label)], by="ada", now=NOW)
    assert ws.ledger.overrides("renewals", "labelled") == []


@pytest.mark.parametrize(("label", "kept"), [("1", 1), ("1.0", 1), ("true", 1), (" 0 ", 0), (0, 0)])
def test_a_label_is_kept_as_the_model_has_learned_it(ws: Workspace, label: object, kept: int) -> None:
    _, file = requested(ws)
    take_labels(ws, [(file["row"][0], label)], by="ada", now=NOW)
    (mark,) = ws.ledger.overrides("renewals", "labelled")
    assert [answer["label"] for answer in mark.value["rows"].values()] == [kept]


def test_a_class_that_is_text_stays_text(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _, file = requested(ws)
    (request,) = label_requests(ws)
    learned = scoring.score(ws, ws.registry.champion("renewals"), read_window(ws.spec, ASKED))
    monkeypatch.setattr(scoring, "score", lambda *_: replace(learned, classes=("007", "1", "-gold")))
    read = returned_labels._reader(ws, ws.ledger.proposal(request.proposal_hash))
    assert [read(file["row"][0], label) for label in ("007", "1", "'-gold", "-gold")] == ["007", "1", "-gold", "-gold"]


def test_labels_that_two_people_return_at_once_are_all_kept(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _, file = requested(ws)
    (request,) = label_requests(ws)
    proposal = ws.ledger.proposal(request.proposal_hash)
    read, waited = on_record._on_record, Barrier(2, timeout=2)

    def slowly(*args: Any) -> Any:
        known = read(*args)
        # Without a hold, both have read before one of them writes; with one, the first goes on alone.
        with suppress(BrokenBarrierError):
            waited.wait()
        return known

    monkeypatch.setattr(on_record, "_on_record", slowly)
    with ThreadPoolExecutor(2) as both:
        done = [
            both.submit(record_answers, ws, proposal, [(row, 1)], by=by, now=NOW)
            for row, by in zip(file["row"][:2], ("ada", "bob"), strict=True)
        ]
    assert [recording.result() for recording in done] == [1, 1]
    (mark,) = ws.ledger.overrides("renewals", "labelled")
    assert set(mark.value["rows"]) == set(file["row"][:2])


def test_what_a_spreadsheet_would_carry_out_is_text_in_the_file(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    read = request_labels._rows

    def with_formulas(workspace: Workspace, window: Window) -> pd.DataFrame:
        return read(workspace, window).assign(
            note='=HYPERLINK("http://example.org")', number="-3.5", **{"@column": "\tx", "row": 1, "model_says": "+x"}
        )

    monkeypatch.setattr(request_labels, "_rows", with_formulas)
    _, file = requested(ws)
    shown = file.iloc[0]
    assert shown["note"] == '\'=HYPERLINK("http://example.org")'
    assert (shown["number"], shown["'@column"]) == ("-3.5", "'\tx")
    assert (shown["row_of_the_rows"], shown["model_says_of_the_rows"]) == ("1", "'+x")
    assert file["row"].is_unique
