"""Says what differs between the versions of Airflow that Airmedic runs on.

It is how a task waits, what it remembers, how it announces a partition, and how it reads variables.

From 3.3 on, a task parks in the state ``awaiting_input``, and Airflow keeps small values for it that survive a clear.
Airflow 3.2 has neither: there the task is deferred, with the trigger of Airflow's own operators for people's answers,
and the ledger remembers. Either way the same method goes on with the same event.

When 3.2 is no longer supported, this module can go: its callers then call what it calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import Context, Variable, exceptions

from airmedic_core.errors import SpecError
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

PARKS_TASKS = hasattr(exceptions, "TaskAwaitingInput")
"""Says whether this Airflow has the state ``awaiting_input``."""

_SHOWN = "shown_proposal"


def wait_for_answer(
    context: Context,
    *,
    method_name: str,
    kwargs: Json,
    options: Sequence[str],
    timeout: timedelta,
) -> NoReturn:
    """Let a task wait for people without a worker slot, after its question was put to them.

    Parameters
    ----------
    context : Context
        The task's context.
    method_name : str
        The operator's method that goes on. It is given the event, and these:
    kwargs : dict
        Plain JSON.
    options : sequence of str
        What people may answer.
    timeout : timedelta
        After this the method is given an event whose ``error_type`` is ``timeout``.

    Raises
    ------
    TaskAwaitingInput
        On Airflow 3.3 and newer.
    TaskDeferred
        On Airflow 3.2.
    """
    if PARKS_TASKS:
        raise exceptions.TaskAwaitingInput(method_name=method_name, kwargs=kwargs, timeout=timeout)
    from airflow.providers.standard.triggers.hitl import HITLTrigger

    trigger = HITLTrigger(
        ti_id=context["ti"].id,
        options=list(options),
        # With the form, the trigger would fail the task over a value that is out of bounds: the ledger refuses that.
        params={},
        timeout_datetime=datetime.now(UTC) + timeout,
    )
    raise exceptions.TaskDeferred(trigger=trigger, method_name=method_name, kwargs=kwargs)


def proposal_on_page(context: Context, workspace: Workspace, proposal_hash: str) -> str:
    """Return the proposal that a task's page shows: the first one that it was asked with, remembered from now on.

    Airflow before 3.4 goes on showing the first text of a task that was cleared.

    Parameters
    ----------
    context : Context
        The task's context.
    workspace : Workspace
        The model's workspace, whose ledger remembers where Airflow does not.
    proposal_hash : str
        The proposal that is about to be shown.
    """
    if not PARKS_TASKS:
        task = context["ti"]
        page = f"{task.dag_id}/{task.run_id}/{task.task_id}"
        return workspace.ledger.first_shown(page, proposal_hash)
    memory = context["task_state_store"]
    shown = memory.get(_SHOWN)
    if shown is None:
        memory.set(_SHOWN, proposal_hash)
    return str(shown or proposal_hash)


def announce_partition(context: Context, event: Any, key: str) -> None:
    """Let the event of an asset be about one partition.

    Parameters
    ----------
    context : Context
        The context of the task that updates the asset.
    event : OutletEventAccessor
        The event, as ``context["outlet_events"]`` has it.
    key : str
        The partition.

    Raises
    ------
    SpecError
        On Airflow 3.2, where only a run that has this partition can announce it. A retry does not help.
    """
    if hasattr(event, "add_partitions"):
        event.add_partitions(key)
    elif getattr(context["dag_run"], "partition_key", None) != key:
        raise SpecError(
            f"This Airflow announces the partition {key!r} only from a run that has it.",
            "Write schedule: asset:<uri>, or start the scoring DAG with that partition key.",
        )


def holds_variable(key: str) -> bool:
    """Return whether Airflow's database holds a variable. It is asked inside of a task.

    Raises
    ------
    AirflowRuntimeError
        If Airflow does not answer. A retry helps.
    """
    if hasattr(Variable, "keys"):
        return key in Variable.keys(prefix=key)
    from airflow.sdk.execution_time.comms import ErrorResponse, GetVariable
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    try:
        answer = SUPERVISOR_COMMS.send(GetVariable(key=key))
        refusal = answer if isinstance(answer, ErrorResponse) else None
    except exceptions.AirflowRuntimeError as error:
        refusal = error.error
    if refusal and refusal.error != exceptions.ErrorType.VARIABLE_NOT_FOUND:
        raise exceptions.AirflowRuntimeError(refusal)
    return refusal is None
