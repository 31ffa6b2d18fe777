"""Kill switches that live in Airflow: a variable, and a pool without slots."""

from __future__ import annotations

import os

from airmedic_core.errors import SwitchUnavailableError
from airmedic_core.settings import is_on

KILL_SWITCH_VARIABLE = "airmedic_kill_switch"
"""Airflow variable that, set to anything but 0, false, no or off, stops every change."""

POOL = "AIRMEDIC_POOL"
"""Environment variable that names the pool of the tasks that change something. With no slots, none of them starts."""


def variable_switch(model: str) -> str:  # noqa: ARG001  it stops every model
    """Return why Airflow's variable stops changes; nothing while it is off, or is not set.

    Raises
    ------
    SwitchUnavailableError
        If Airflow does not say. A retry helps.
    """
    from airflow.sdk import Variable

    value = Variable.get(KILL_SWITCH_VARIABLE, default=None)
    if value is None and _is_set():
        raise SwitchUnavailableError(f"Airflow's variable {KILL_SWITCH_VARIABLE} cannot be read.", "Retry.")
    return f"Airflow's variable {KILL_SWITCH_VARIABLE} is on." if is_on(str(value or "")) else ""


def _is_set() -> bool:
    """Return whether Airflow's database holds the variable.

    ``Variable.get`` gives the default also where the server did not answer (3.3.2), so that a switch would read as off.
    """
    from airflow.sdk.execution_time import task_runner

    from airmedic.airflow_versions import holds_variable

    if getattr(task_runner, "SUPERVISOR_COMMS", None) is None:
        # Outside of a task, the environment and secrets backends were looked through, and there is no server to ask.
        return False
    try:
        return holds_variable(KILL_SWITCH_VARIABLE)
    except Exception as error:
        raise SwitchUnavailableError(
            f"Airflow does not say whether its variable {KILL_SWITCH_VARIABLE} is on: {error}.",
            "Nothing is changed until it answers; retry.",
        ) from error


def pool_of_changes() -> dict[str, str]:
    """Return the argument that puts a task into the pool of changes; none where no pool is named."""
    name = os.environ.get(POOL, "")
    return {"pool": name} if name else {}
