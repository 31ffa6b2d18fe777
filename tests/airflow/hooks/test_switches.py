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
    from airmedic.operators.rollback import RollbackOperator

    assert RollbackOperator(task_id="a", model="meter", proposal_hash="x").pool == "default_pool"
    monkeypatch.setenv("AIRMEDIC_POOL", "airmedic_changes")
    assert RollbackOperator(task_id="b", model="meter", proposal_hash="x").pool == "airmedic_changes"
