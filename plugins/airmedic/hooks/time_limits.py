"""Says how long the tasks that change something may run."""

from __future__ import annotations

from datetime import timedelta

from airmedic_core.actions import longest_deadline_seconds


def time_limit(path: str) -> dict[str, timedelta]:
    """Return the argument that lets Airflow end a task whose action hangs.

    Parameters
    ----------
    path : str
        The path whose actions the task carries out; the one of them that may take longest decides.
    """
    return {"execution_timeout": timedelta(seconds=longest_deadline_seconds(path))}
