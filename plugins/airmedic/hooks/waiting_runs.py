"""Lets a monitoring run that waits for rows step aside for runs that are queued behind it.

A model has one monitoring run at a time, so that windows are looked at in order. A scheduled run whose rows are late
would keep a run that a person has started for another window waiting for as long.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import Context

from airmedic.hooks.further_runs import start_run
from airmedic_core.windows import Window, as_utc

_PREFIX = "waiting__"
"""Says how the ids of runs begin that go on waiting for those that stepped aside."""
_LONGEST = timedelta(hours=1.5)
"""After so long, a run steps aside no more and fails as one that has waited all the time does."""
_MOST_TRIES = 6
"""Tries before a run steps aside once more, at the most. Two windows that both wait would otherwise take turns every
few seconds; so they take about a dozen turns in an hour."""


def step_aside(context: Context, window: Window, as_of: datetime) -> bool:
    """Start a run that goes on waiting for a window behind all that are queued, and return whether it was started.

    Parameters
    ----------
    context : Context
        The context of the task whose rows are not there yet.
    window : Window
        The window that it waits for.
    as_of : datetime
        Which labels count.

    Returns
    -------
    bool
        False where nothing is queued, the run was not started by a schedule, or it has waited for too long or, in this
        turn, not for long enough.

    Raises
    ------
    AirflowRuntimeError
        If Airflow does not answer. A retry helps.
    """
    run, task = context["dag_run"], context["ti"]
    waited = run.run_id.startswith(_PREFIX)
    if not waited and getattr(run, "run_type", "") != "scheduled":
        return False
    told = (run.conf or {}) if waited else {}
    turn = int(told.get("turn", 0))
    since = as_utc(told["waiting_since"]) if "waiting_since" in told else (run.start_date or datetime.now(UTC))
    if datetime.now(UTC) - since > _LONGEST or task.try_number < min(turn + 1, _MOST_TRIES):
        return False
    if not task.get_dr_count(dag_id=run.dag_id, states=["queued"]):
        return False
    conf = {
        "window_start": window.start.isoformat(),
        "window_end": window.end.isoformat(),
        "as_of": as_of.isoformat(),
        "turn": turn + 1,
        "waiting_since": since.isoformat(),
    }
    start_run(run.dag_id, f"{_PREFIX}{turn + 1}__{window.key}__{since:%Y%m%dT%H%M%S}", conf)
    return True
