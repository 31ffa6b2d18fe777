from __future__ import annotations

import pytest


@pytest.mark.parametrize(("value", "stops"), [("on", True), ("1", True), ("off", False), ("false", False), ("", False)])
def test_the_variable_of_airflow_stops_every_model(monkeypatch: pytest.MonkeyPatch, value: str, stops: bool) -> None:
    from airmedic.hooks.switches import variable_switch

    monkeypatch.setenv("AIRFLOW_VAR_AIRMEDIC_KILL_SWITCH", value)
    assert bool(variable_switch("meter")) is stops


def test_a_variable_that_is_not_set_stops_nothing() -> None:
    from airmedic.hooks.switches import variable_switch

    assert variable_switch("meter") == ""


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
        UndoDeploymentOperator(task_id="c", watched_by="w", **proposal),
        RerunPipelineOperator(task_id="d", other_dag="ingest", **proposal),
    ]
    assert [task.pool for task in tasks] == ["airmedic_changes"] * 3
