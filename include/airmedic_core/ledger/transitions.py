"""Says how incidents and actions move: one table each, from a state to those that may follow. All else is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from airmedic_core.errors import LedgerError
from airmedic_core.records import IncidentState as State

ActionStatus = Literal["running", "taking_back", "done", "failed", "undone", "stopped"]
"""``running`` until it ends, also when its process died on the way. ``taking_back`` from the decision to undo it until
it is undone. ``failed``: nothing of it is left. ``stopped``: a kill switch or a limit kept it from beginning."""

ENDS = frozenset({State.RESOLVED, State.REJECTED, State.UNDONE, State.ESCALATED})
"""States that an incident never leaves."""

INCIDENT_MOVES: Mapping[State, frozenset[State]] = {
    State.OPEN: frozenset({State.DIAGNOSED, State.AWAITING_APPROVAL, State.ACTING}) | ENDS,
    State.DIAGNOSED: frozenset({State.AWAITING_APPROVAL, State.ACTING}) | ENDS,
    # The question of one action may be open while another ends: a window is quarantined, and its rerun is asked for.
    State.AWAITING_APPROVAL: frozenset({State.DIAGNOSED, State.ACTING, State.VERIFYING}) | ENDS,
    # A remediation that was cut off while it acted is diagnosed anew.
    State.ACTING: frozenset({State.DIAGNOSED, State.AWAITING_APPROVAL, State.VERIFYING}) | ENDS,
    State.VERIFYING: frozenset({State.DIAGNOSED, State.AWAITING_APPROVAL, State.ACTING}) | ENDS,
    **dict.fromkeys(ENDS, frozenset()),
}

NOT_BEGUN = ""
"""The status of an action that was never tried."""

ACTION_MOVES: Mapping[str, frozenset[str]] = {
    NOT_BEGUN: frozenset({"running", "failed", "stopped"}),
    "running": frozenset({"done", "taking_back"}),
    "done": frozenset({"taking_back"}),
    "taking_back": frozenset({"undone", "failed"}),
    # The next two are left by a new attempt.
    "failed": frozenset({"running", "failed", "stopped"}),
    "stopped": frozenset({"running", "failed", "stopped"}),
    "undone": frozenset(),
}


def require_incident_move(incident_id: str, standing: State, state: State) -> None:
    """Refuse a state that may not follow.

    Parameters
    ----------
    incident_id : str
        The incident, for the message.
    standing : State
        The state that it is in.
    state : State
        The state that it is to have.

    Raises
    ------
    LedgerError
        If it may not. A retry does not help.
    """
    if state in INCIDENT_MOVES[standing]:
        return
    raise LedgerError(
        f"Incident {incident_id!r} is {standing.value} and cannot become {state.value}.",
        _after(INCIDENT_MOVES[standing], "It has ended: open a new one."),
    )


def require_action_move(action: str, standing: str, status: ActionStatus) -> None:
    """Refuse a status that may not follow.

    Parameters
    ----------
    action : str
        The action, for the message.
    standing : str
        The status that it has; empty where it was never tried.
    status : ActionStatus
        The status that it is to have.

    Raises
    ------
    LedgerError
        If it may not. A retry does not help.
    """
    if status in ACTION_MOVES[standing]:
        return
    told = "never began" if standing == NOT_BEGUN else f"is {standing.replace('_', ' ')} already"
    raise LedgerError(
        f"The action {action!r} {told} and cannot become {status.replace('_', ' ')}.",
        _after(ACTION_MOVES[standing], "Propose another."),
    )


def _after(allowed: frozenset[str], end: str) -> str:
    return f"It can become {', '.join(sorted(state.replace('_', ' ') for state in allowed))}." if allowed else end
