from __future__ import annotations

import pytest

from airmedic_core.errors import LedgerError
from airmedic_core.ledger.transitions import ACTION_MOVES, ENDS, INCIDENT_MOVES, require_incident_move
from airmedic_core.records import IncidentState


def test_the_tables_name_every_state_and_only_states() -> None:
    assert set(INCIDENT_MOVES) == set(IncidentState)
    assert set().union(*ACTION_MOVES.values()) <= set(ACTION_MOVES)


def test_no_incident_returns_to_open_or_leaves_an_end() -> None:
    assert all(IncidentState.OPEN not in moves for moves in INCIDENT_MOVES.values())
    assert not any(INCIDENT_MOVES[end] for end in ENDS)
    assert all(moves >= ENDS for state, moves in INCIDENT_MOVES.items() if state not in ENDS)


def test_what_may_not_follow_is_refused_and_what_may_is_named() -> None:
    with pytest.raises(LedgerError, match=r"is open and cannot become verifying. It can become acting, awaiting appr"):
        require_incident_move("churn__1", IncidentState.OPEN, IncidentState.VERIFYING)
    with pytest.raises(LedgerError, match="It has ended: open a new one"):
        require_incident_move("churn__1", IncidentState.UNDONE, IncidentState.ACTING)


def test_an_action_is_undone_only_after_that_was_decided_and_fails_only_before_it_begins_or_undone() -> None:
    assert {status for status, moves in ACTION_MOVES.items() if "undone" in moves} == {"taking_back"}
    assert {status for status, moves in ACTION_MOVES.items() if "failed" in moves} == {
        "", "failed", "stopped", "taking_back",
    }  # fmt: skip
