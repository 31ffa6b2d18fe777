"""Kill switches that live in Airflow: a variable, and a pool without slots."""

from __future__ import annotations

import os

from airmedic_core.settings import is_on

KILL_SWITCH_VARIABLE = "airmedic_kill_switch"
"""Airflow variable that, set to anything but 0, false, no or off, stops every change."""

POOL = "AIRMEDIC_POOL"
"""Environment variable that names the pool of the tasks that change something. With no slots, none of them starts."""


def variable_switch(model: str) -> str:  # noqa: ARG001  it stops every model
    """Return why Airflow's variable stops changes; nothing while it is off, or is not set."""
    from airflow.sdk import Variable

    value = str(Variable.get(KILL_SWITCH_VARIABLE, default="") or "")
    return f"Airflow's variable {KILL_SWITCH_VARIABLE} is on." if is_on(value) else ""


def pool_of_changes() -> dict[str, str]:
    """Return the argument that puts a task into the pool of changes; none where no pool is named."""
    name = os.environ.get(POOL, "")
    return {"pool": name} if name else {}
