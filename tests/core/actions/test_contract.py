"""Our own actions keep what every action promises. Some are not planned from an incident: they are given parameters."""

from airmedic.testing import Arrangement, contract_tests
from airmedic.testing.production import day
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace


def a_challenger(ws: Workspace) -> None:
    train(ws, Window(day(0), day(40)), day(42), {})


def versions_to_go_back_to(ws: Workspace) -> None:
    a_challenger(ws)
    train(ws, Window(day(0), day(41)), day(43), {})
    ws.registry.switch(ws.spec.name, "2", kind="deploy", by="anna", expected=("1",), now=day(43))
    ws.registry.switch(ws.spec.name, "3", kind="deploy", by="anna", expected=("2",), now=day(44))


test_without_needs = contract_tests("actions", "escalate", "hold", "quarantine", "refresh_reference", "retrain")
test_rollback = contract_tests("actions", "rollback", arrange=Arrangement(prepare=versions_to_go_back_to))
test_deploy = contract_tests(
    "actions",
    "deploy",
    arrange=Arrangement(prepare=a_challenger, params={"version": "2", "gate": {"champion": "1"}}),
)
test_change_setting = contract_tests(
    "actions",
    "change_setting",
    arrange=Arrangement(params={"key": "checks.drift.least_effect", "value": 0.2}),
)
# The Airflow layer starts the DAG; the action itself changes nothing.
test_rerun_pipeline = contract_tests(
    "actions",
    "rerun_pipeline",
    arrange=Arrangement(spec={"upstream_dag": "ingest"}, world=lambda _: None),
)


def test_all_of_ours_are_held_to_it() -> None:
    from airmedic_core.actions import ACTIONS

    arranged = {"rollback", "deploy", "change_setting", "rerun_pipeline"}
    plain = {"escalate", "hold", "quarantine", "refresh_reference", "retrain"}
    assert set(ACTIONS.ours()) == arranged | plain
