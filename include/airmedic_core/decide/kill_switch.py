"""The kill switch: what stops every change at once, asked when an action is decided and again right before it acts.

It is on where the environment says so, where a person threw it (``airmedic stop``), or where a further switch of the
installation says so, such as a variable of Airflow. The policy's own ``switched_off`` is one of the limits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime

from airmedic_core.actions import StoppedBy, known_action
from airmedic_core.decide.objection import Objection
from airmedic_core.errors import AirmedicError, PolicyError, SwitchUnavailableError
from airmedic_core.ledger import Ledger
from airmedic_core.settings import is_on
from airmedic_core.workspace import Switch

KILL_SWITCH = "AIRMEDIC_KILL_SWITCH"
"""Environment variable that, set to anything but 0, false, no or off, stops every change."""


def kill_switch(
    ledger: Ledger,
    model: str,
    action: str,
    *,
    now: datetime,
    env: Mapping[str, str] | None = None,
    switches: Sequence[Switch] = (),
) -> Objection | None:
    """Return an objection while the kill switch is on, in the environment or as an override in the ledger.

    Parameters
    ----------
    ledger : Ledger
        Where overrides are on record.
    model, action : str
        What is to be done, and to which model.
    now : datetime
        The moment.
    env : mapping, optional
        The environment variables; those of the process where not given.
    switches : sequence of Switch
        Switches of the installation.

    Raises
    ------
    SwitchUnavailableError
        If a further switch cannot be asked. A retry helps once it can.
    """
    if stopped_by(action) is StoppedBy.NOTHING:
        return None
    if switched_off(env):
        return Objection("kill_switch", f"The kill switch {KILL_SWITCH} is on.")
    for override in ledger.overrides(model, "kill_switch", now=now):
        return Objection("kill_switch", f"{override.author} threw the kill switch: {override.reason}.")
    return next((Objection("kill_switch", why) for switch in switches if (why := _asked(switch, model))), None)


def require_enabled(
    ledger: Ledger,
    model: str,
    action: str,
    *,
    now: datetime,
    env: Mapping[str, str] | None = None,
    switches: Sequence[Switch] = (),
) -> None:
    """Stop an approved action at the last moment if the kill switch is on.

    Parameters
    ----------
    ledger : Ledger
        Where overrides are on record.
    model, action : str
        What is to be done, and to which model.
    now : datetime
        The moment.
    env : mapping, optional
        The environment variables; those of the process where not given.
    switches : sequence of Switch
        Switches of the installation.

    Raises
    ------
    PolicyError
        If it is. A retry does not help until it is taken back.
    """
    if stopped := kill_switch(ledger, model, action, now=now, env=env, switches=switches):
        raise PolicyError(stopped.reason, "Take it back, then run the task again.")


def switched_off(env: Mapping[str, str] | None = None) -> bool:
    """Return whether the environment stops every change."""
    return is_on((os.environ if env is None else env).get(KILL_SWITCH, ""))


def stopped_by(name: str) -> StoppedBy:
    """Return what stops an action; an unknown one is stopped by every limit."""
    action = known_action(name)
    return StoppedBy.LIMITS if action is None else action.stopped_by


def _asked(switch: Switch, model: str) -> str:
    try:
        return switch(model)
    except AirmedicError:
        raise
    except Exception as error:
        raise SwitchUnavailableError(
            f"A kill switch of {model!r} cannot be asked: {error}.", "Nothing is changed until it answers; retry."
        ) from error
