from __future__ import annotations

import pytest

from airmedic_core.errors import ApprovalError
from airmedic_core.records import Cause
from airmedic_core.training.order import training_order
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, approved, day, incident_of, observe

PARAMS = {"window_start": day(0).isoformat(), "window_end": day(40).isoformat(), "as_of": day(42).isoformat()}


def test_an_order_names_the_rows_to_leave_out_oldest_first(ws: Workspace) -> None:
    ws.ledger.set_override("renewals", "quarantine", Window(day(9), day(10)).key, {}, author="anna", reason="x")
    observe(ws, 5, cause=Cause.DATA_CORRUPTION)
    observe(ws, 38, cause=Cause.STALE_DATA)  # withheld for the gate, so nothing that is trained on
    proposal = approved(ws, incident_of(ws, 39), "retrain", PARAMS)
    order = training_order(ws, proposal.hash, now=NOW)
    assert order["leave_out"] == [[day(at).isoformat(), day(at + 1).isoformat()] for at in (5, 9)]
    assert order["window_start"] < order["train_until"] < day(38).isoformat()
    assert (order["model"], order["as_of"], order["proposal_hash"]) == ("renewals", day(42).isoformat(), proposal.hash)


def test_there_is_no_order_without_an_approval(ws: Workspace) -> None:
    with pytest.raises(ApprovalError):
        training_order(ws, "0" * 64, now=NOW)
