"""Labels that come late are of an earlier window, and that is the one whose rows must not be learned from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas as pd

from airmedic_core.actions import ACTIONS
from airmedic_core.comparison import CheckContext
from airmedic_core.monitor.label_windows import with_label_window
from airmedic_core.records import Cause, Finding, Role, Verdict
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
    frame = context.labelled.frame
    earlier = frame.assign(at=frame["at"] - pd.Timedelta(days=days))
    return replace(context, labelled=replace(context.labelled, frame=earlier))


def test_a_fault_of_late_labels_names_the_window_that_they_are_of() -> None:
    context, moved = late(3), replace(FAULT, subject="amount", role=Role.INPUT_MOVED)
    sound = replace(FAULT, statistic="values", verdict=Verdict.OK)
    fault, *others = with_label_window(context, [FAULT, moved, sound])

    window = context.batch.window
    assert Window.from_key(fault.details["labels_of"]) == Window(
        window.start - timedelta(days=3), window.end - timedelta(days=3)
    )
    assert others == [moved, sound]


def test_labels_of_the_window_itself_name_none() -> None:
    assert with_label_window(late(0), [FAULT]) == [FAULT]


def test_a_quarantine_keeps_the_window_of_the_labels_out_too(ws: Workspace) -> None:
    incident = incident_of(ws, 50)
    labels = replace(incident.window, start=day(47), end=day(48))
    batch_id = incident.batch_ids[0]
    (seen,) = (seen for seen in ws.ledger.batches("renewals") if seen.batch.id == batch_id)
    ws.ledger.record_findings(
        seen.batch, "performance", [replace(FAULT, details={"labels_of": labels.key})], model_version="1"
    )

    params, _ = ACTIONS.member("quarantine").plan(ws, incident, None)
    assert params["windows"] == [labels.key, incident.window.key]
