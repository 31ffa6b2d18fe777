"""The wheel with its Airflow, installed with pip alone: no folder of the checkout is on any path."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts.fresh_environment import build_wheel, make_environment

pytestmark = pytest.mark.slow
SPEC = """\
name: orders
task: binary
target: returned
data: {path: /nowhere/orders.csv, time_column: ordered_at}
"""
LOOK = """
import json, sys
from airflow import plugins_manager
from airflow.dag_processing.dagbag import DagBag
from airflow.providers_manager import ProvidersManager
plugins, errors = plugins_manager._get_plugins()
manager = ProvidersManager()
bag = DagBag(sys.argv[1])
json.dump({
    "plugins": [str(plugin.source) for plugin in plugins if plugin.name == "airmedic"],
    "errors": [*errors.values(), *bag.import_errors.values()],
    "hooks": {kind: info.hook_name for kind, info in manager.hooks.items() if kind.startswith("airmedic") and info},
    "hidden": {
        kind: sorted(told["hidden_fields"])
        for kind, told in manager.field_behaviours.items() if kind.startswith("airmedic")
    },
    "fields": [name for name in manager.connection_form_widgets if "airmedic" in name],
    "dags": sorted(bag.dags),
}, open(sys.argv[2], "w"))
"""


@pytest.fixture(scope="module")
def seen_by_airflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow finds of Airmedic in an environment of its own, after `airmedic init-project`."""
    folder = tmp_path_factory.mktemp("alone")
    wheel = build_wheel(folder)
    (pin,) = (
        line.split()[0]
        for line in (Path(__file__).parents[2] / "requirements.txt").read_text().splitlines()
        if line.startswith("apache-airflow==")
    )
    python = make_environment(folder / "environment", f"airmedic[airflow] @ {wheel.as_uri()}", pin)
    home = folder / "home"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIR", "PYTHON", "MLFLOW"))}
    env = kept | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    subprocess.run([str(python.with_name("airmedic")), "init-project"], env=env, check=True)
    (home / "include" / "models" / "orders.yaml").write_text(SPEC)
    answer = folder / "found.json"
    subprocess.run(
        [str(python), "-W", "ignore", "-c", LOOK, str(home / "dags"), str(answer)], env=env, cwd=folder, check=True
    )
    return json.loads(answer.read_text()) | {"home": str(home)}


def test_the_plugin_is_registered_once_by_the_package(seen_by_airflow: dict[str, Any]) -> None:
    assert seen_by_airflow["errors"] == []
    (source,) = seen_by_airflow["plugins"]
    assert "airmedic" in source
    assert "entrypoint" in source.lower().replace(" ", "").replace("_", "")


def test_the_dags_come_from_the_package(seen_by_airflow: dict[str, Any]) -> None:
    assert seen_by_airflow["dags"] == ["monitor__orders", "remediate__orders", "review__orders"]


def test_the_connections_have_forms_of_their_own(seen_by_airflow: dict[str, Any]) -> None:
    assert seen_by_airflow["hooks"] == {
        "airmedic_audit_key": "Airmedic audit key",
        "airmedic_ledger": "Airmedic ledger",
        "airmedic_mlflow": "Airmedic MLflow",
    }
    assert "extra__airmedic_ledger__url" in seen_by_airflow["fields"]
    assert {"host", "password"} <= set(seen_by_airflow["hidden"]["airmedic_ledger"])
    assert "host" not in seen_by_airflow["hidden"]["airmedic_mlflow"]
    assert "password" not in seen_by_airflow["hidden"]["airmedic_audit_key"]
