"""A longer window is played back by running all checks again: what is calm is spared, what is broken kept."""

from __future__ import annotations

import pandas as pd

from airmedic_core.records import Cause, IncidentState
from airmedic_core.review.changes import window_length
from airmedic_core.review.replay import past_windows
from airmedic_core.workspace import Workspace
from tests.core.monitor.conftest import adopted_home, change_days, ws
from tests.core.renewals import incident_of

__all__ = ["adopted_home", "ws"]

FALSE, REAL = (32, 36, 40), 44


def closed(ws: Workspace, number: int, state: IncidentState, cause: Cause = Cause.HARMFUL_COVARIATE_SHIFT) -> None:
    ws.ledger.move_incident(incident_of(ws, number, cause).id, state)


def test_longer_windows_spare_what_was_false_and_keep_what_was_real(ws: Workspace) -> None:
    def broken(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(usage=float("nan"))

    change_days(ws, REAL, REAL + 1, broken)
    for number in FALSE:
        closed(ws, number, IncidentState.REJECTED)
    closed(ws, REAL, IncidentState.RESOLVED, Cause.DATA_CORRUPTION)
    before = len(ws.ledger.batches(ws.spec.name))
    (asked,) = window_length.WindowLength().in_question(ws, past_windows(ws, most=60))
    suggestion = asked.play("2 days")
    assert (suggestion.before, suggestion.after, len(suggestion.spared), suggestion.missed, suggestion.kept) == (
        "day",
        "2 days",
        3,
        (),
        1,
    )
    assert suggestion.holds
    assert "would have missed none of the 1 real ones" in suggestion.sentence
    assert len(ws.ledger.batches(ws.spec.name)) == before, "playing back records nothing"


def test_a_change_that_longer_windows_hide_is_missed(ws: Workspace) -> None:
    """The rows of the real alarm are ordinary again, so no check finds it any more: the change does not hold."""
    for number in FALSE:
        closed(ws, number, IncidentState.REJECTED)
    closed(ws, REAL, IncidentState.RESOLVED)
    (asked,) = window_length.WindowLength().in_question(ws, past_windows(ws, most=60))
    suggestion = asked.play("2 days")
    assert len(suggestion.missed) == 1
    assert not suggestion.holds
