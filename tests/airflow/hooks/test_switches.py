from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airmedic_core.errors import SwitchUnavailableError


@pytest.mark.parametrize(("value", "stops"), [("on", True), ("1", True), ("off", False), ("false", False), ("", False)])
def test_the_variable_of_airflow_stops_every_model(monkeypatch: pytest.MonkeyPatch, value: str, stops: bool) -> None:
    from airmedic.hooks.switches import variable_switch

    monkeypatch.setenv("AIRFLOW_VAR_AIRMEDIC_KILL_SWITCH", value)
    assert bool(variable_switch("meter")) is stops


def test_a_variable_that_is_not_set_stops_nothing() -> None:
    from airmedic.hooks.switches import variable_switch

    assert variable_switch("meter") == ""


class Supervisor:
    """What stands between a task and Airflow's server, which answers every question as it is told to."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def send(self, message: Any) -> Any:
        from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse

        if type(message).__name__ in self.answers:
            return self.answers[type(message).__name__]
        raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"message": "no route"}))


@pytest.fixture
def supervised(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def supervise(**answers: Any) -> None:
        from airflow.sdk.execution_time import task_runner

        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(**answers), raising=False)

    return supervise


def test_an_airflow_that_does_not_answer_stops_for_now(supervised: Callable[..., None]) -> None:
    from airmedic.hooks.switches import variable_switch

    supervised()
    with pytest.raises(SwitchUnavailableError, match="does not say") as caught:
        variable_switch("meter")
    assert caught.value.transient


def test_a_variable_that_is_set_but_cannot_be_read_stops_for_now(supervised: Callable[..., None]) -> None:
    from airflow.sdk.execution_time import comms

    if not hasattr(comms, "VariableKeysResult"):
        pytest.skip("This Airflow is asked for the variable itself, both times.")

    from airmedic.hooks.switches import variable_switch

    supervised(GetVariableKeys=comms.VariableKeysResult(keys=["airmedic_kill_switch"], total_entries=1))
    with pytest.raises(SwitchUnavailableError, match="cannot be read"):
        variable_switch("meter")


def test_an_airflow_that_knows_no_such_variable_stops_nothing(supervised: Callable[..., None]) -> None:
    from airflow.sdk.exceptions import ErrorType
    from airflow.sdk.execution_time import comms

    from airmedic.hooks.switches import variable_switch

    if hasattr(comms, "VariableKeysResult"):
        supervised(GetVariableKeys=comms.VariableKeysResult(keys=["airmedic_kill_switches"], total_entries=1))
    else:  # Airflow 3.2 lists no names
        supervised(GetVariable=comms.ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND))
    assert variable_switch("meter") == ""


def test_a_variable_of_airflows_server_stops_every_model(supervised: Callable[..., None]) -> None:
    from airflow.sdk.execution_time.comms import VariableResult

    from airmedic.hooks.switches import variable_switch

    supervised(GetVariable=VariableResult(key="airmedic_kill_switch", value="on"))
    assert "is on" in variable_switch("meter")


@pytest.mark.usefixtures("adopted")
def test_an_opened_workspace_knows_the_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.hooks.workspace import open_workspace

    monkeypatch.setenv("AIRFLOW_VAR_AIRMEDIC_KILL_SWITCH", "on")
    assert [switch("meter") for switch in open_workspace("meter").switches] == [
        "Airflow's variable airmedic_kill_switch is on."
    ]


def test_tasks_that_change_something_wait_in_the_pool_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.operators.rerun_pipeline import RerunPipelineOperator
    from airmedic.operators.rollback import RollbackOperator
    from airmedic.operators.undo_deployment import UndoDeploymentOperator

    proposal = {"model": "meter", "proposal_hash": "x"}
    assert RollbackOperator(task_id="a", **proposal).pool == "default_pool"
    monkeypatch.setenv("AIRMEDIC_POOL", "airmedic_changes")
    tasks = [
        RollbackOperator(task_id="b", **proposal),
        UndoDeploymentOperator(task_id="c", **proposal),
        RerunPipelineOperator(task_id="d", other_dag="ingest", **proposal),
    ]
    assert [task.pool for task in tasks] == ["airmedic_changes"] * 3
