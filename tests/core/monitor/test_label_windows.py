"""Labels that come late are of an earlier window, and that is the one whose rows must not be learned from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np

from airmedic_core.actions import ACTIONS
from airmedic_core.checks import run_group
from airmedic_core.comparison import CheckContext
from airmedic_core.monitor.label_windows import with_label_window
from airmedic_core.records import Cause, Finding, Incident, Role, Verdict
from airmedic_core.simulate.example import example_context
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import day, incident_of

FAULT = Finding(
    "concept", "default", "relabelled", Verdict.ALERT, role=Role.DATA_FAULT, suggests=(Cause.DATA_CORRUPTION,)
)


def late(days: int) -> CheckContext:
    """A day that is judged by the labels of an earlier one."""
    context = example_context()
    assert context.labelled is not None
    window = context.batch.window
    earlier = Window(window.start - timedelta(days=days), window.end - timedelta(days=days)) if days else None
    return replace(context, labelled=replace(context.labelled, earlier=earlier))


def test_a_fault_of_late_labels_names_the_window_that_they_are_of() -> None:
    context, moved = late(3), replace(FAULT, subject="amount", role=Role.INPUT_MOVED)
    sound = replace(FAULT, statistic="values", verdict=Verdict.OK)
    fault, *others = with_label_window(context, "performance", [FAULT, moved, sound])

    window = context.batch.window
    assert Window.from_key(fault.details["labels_of"]) == Window(
        window.start - timedelta(days=3), window.end - timedelta(days=3)
    )
    assert others == [moved, sound]


def test_labels_of_the_window_itself_name_none() -> None:
    assert with_label_window(late(0), "performance", [FAULT]) == [FAULT]


def test_a_row_without_a_time_takes_no_window_from_the_labels() -> None:
    context = late(3)
    assert context.labelled is not None
    frame = context.labelled.frame
    timeless = frame.assign(at=frame["at"].mask(np.arange(len(frame)) == 0))
    context = replace(context, labelled=replace(context.labelled, frame=timeless))

    (fault,) = with_label_window(context, "performance", [FAULT])
    assert "labels_of" in fault.details


def test_unknown_classes_among_the_labels_of_the_window_itself_name_no_earlier_one() -> None:
    """The check of the labels looks at the window's own rows, wherever the loss was seen."""
    context = late(3)
    assert context.scored is not None
    unknown = replace(context.scored, labels=np.full(len(context.frame), np.nan))
    findings = run_group(replace(context, scored=unknown, only_window=False), "data")
    faults = [finding for finding in findings if finding.check == "labels"]

    assert [(finding.subject, finding.role, finding.verdict) for finding in faults] == [
        ("default", Role.DATA_FAULT, Verdict.ALERT)
    ]
    assert with_label_window(context, "data", faults) == faults


def planned(ws: Workspace, *more: Finding) -> tuple[Incident, Window, list[str]]:
    """Return an incident of late labels at fault, the window that they are of, and what is kept out."""
    incident = incident_of(ws, 50)
    labels = replace(incident.window, start=day(47), end=day(48))
    batch_id = incident.batch_ids[0]
    (seen,) = (seen for seen in ws.ledger.batches("renewals") if seen.batch.id == batch_id)
    fault = replace(FAULT, details={"labels_of": labels.key})
    ws.ledger.record_findings(seen.batch, "performance", [fault, *more], model_version="1")
    params, _ = ACTIONS.member("quarantine").plan(ws, incident, None)
    return incident, labels, params["windows"]


def test_a_quarantine_for_late_labels_keeps_out_their_window_and_leaves_sound_rows(ws: Workspace) -> None:
    _, labels, windows = planned(ws)

    assert windows == [labels.key]


def test_a_quarantine_keeps_both_windows_out_where_rows_are_at_fault_too(ws: Workspace) -> None:
    incident, labels, windows = planned(ws, replace(FAULT, subject="amount", statistic="unit"))

    assert windows == [labels.key, incident.window.key]
