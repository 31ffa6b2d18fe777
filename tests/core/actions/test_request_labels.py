"""Labels that would decide it are asked for, come back checked, and the diagnosis is made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.asked_labels import row_ids
from airmedic_core.checks import GROUPS
from airmedic_core.errors import ReturnedLabelsError
from airmedic_core.execution import carry_out, undo
from airmedic_core.incident_lifecycle import label_requests, new_answers, rows_to_label, take_labels
from airmedic_core.ledger import Ledger
from airmedic_core.monitor import assess, check_batch, resolve_batch
from airmedic_core.records import Cause, Diagnosis, RankedCause, Role, Severity, Verdict
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


def look(ws: Workspace, at: Any) -> str:
    batch = resolve_batch(ws, window=ASKED, moment=at, as_of=at)
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


def requested(ws: Workspace) -> tuple[str, pd.DataFrame]:
    incident = incident_of(ws, 33, Cause.UNKNOWN)
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
    with pytest.raises(ReturnedLabelsError, match="10 rows were labelled before"):
        take_labels(ws, answers, by="ada", now=NOW)
    assert len(new_answers(ws, answers)) == len(answers) - 10
    assert take_labels(ws, new_answers(ws, answers), by="ada", now=NOW).count == len(answers) - 10
    assert new_answers(ws, answers) == []


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
