"""The plugin that warms imports."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.core.packages import Install, install

__all__ = ["install"]


@pytest.fixture
def plugin() -> ModuleType:
    from airmedic import plugin

    return plugin


def test_what_packages_add_is_imported_and_what_they_break_is_logged(
    plugin: ModuleType, install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("acme-evidence", "class Quiet: ...", {"airmedic.collectors": {"quiet": "acme_evidence:Quiet"}})
    install("acme-checks", "raise SystemExit('no licence')", {"airmedic.checks": {"broken": "acme_checks:Bad"}})
    assert plugin.extension_modules() == ["acme_checks", "acme_evidence"]
    with caplog.at_level(logging.WARNING):
        plugin.warm_imports(plugin.extension_modules())
    assert "acme_evidence" in sys.modules
    assert "acme_checks could not be imported ahead of its tasks: no licence" in caplog.text


def test_only_processes_that_fork_tasks_or_read_dag_files_are_warmed(plugin: ModuleType) -> None:
    assert plugin.forks_tasks(["airflow", "scheduler"], {})
    assert plugin.forks_tasks(["airflow", "celery", "worker", "-q", "x"], {})
    assert not plugin.forks_tasks(["airflow", "scheduler"], {"AIRMEDIC_WARM_IMPORTS": "0"})
    assert plugin.reads_dag_files(["airflow", "dag-processor", "--num-runs", "1"], {})
    assert not plugin.reads_dag_files(["airflow", "dag-processor"], {"AIRMEDIC_WARM_IMPORTS": "no"})
    assert not plugin.reads_dag_files(["airflow", "scheduler"], {})
    for other in (["dag-processor"], ["api-server"], ["triggerer"], ["dags", "list"], ["celery", "flower"], []):
        assert not plugin.forks_tasks(["airflow", *other], {})


def test_what_a_task_imports_is_there_before_it(plugin: ModuleType) -> None:
    # A task reads its DAG file first; what that imports is imported in each of a run's tasks again otherwise.
    ours = plugin.our_modules("airmedic")
    assert {"airmedic.dags.monitor", "airmedic.dag_factory", "airmedic.operators.drift_check"} <= set(ours)
    assert not [name for name in ours if name.startswith("airmedic.testing")]
    assert "airmedic_core.checks.freshness" in plugin.our_modules("airmedic_core")


DAG_FILES = """
import sys
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
from airmedic import plugin
plugin.warm_imports(plugin.modules_of_dag_files())
before = set(sys.modules)
for kind in ("monitor", "remediate", "review"):
    bag = DagBag(Path(sys.argv[1]) / f"{kind}.py")
    assert list(bag.dags) == [f"{kind}__alpha"], bag.import_errors
print(sorted(name for name in set(sys.modules) - before if name.startswith("airmedic")))
"""


def test_what_a_dag_file_imports_of_ours_is_there_before_it(content: Path) -> None:
    dags = Path(__file__).parents[2] / "dags"
    command = [sys.executable, "-W", "ignore", "-c", DAG_FILES, str(dags)]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "AIRMEDIC_CONTENT": str(content)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_tables_of_an_embedded_mlflow_are_prepared(plugin: ModuleType) -> None:
    assert plugin.speaks_with_a_database({})
    assert plugin.speaks_with_a_database({"MLFLOW_TRACKING_URI": "postgresql://host/mlflow"})
    assert not plugin.speaks_with_a_database({"MLFLOW_TRACKING_URI": "https://mlflow.example.org"})
    plugin.warm_imports(plugin.STORES)
    plugin.prepare_tables()
    from mlflow.store.tracking.dbmodels.models import SqlRun
    from sqlalchemy.orm import class_mapper

    assert set(plugin.STORES) <= set(sys.modules)
    assert class_mapper(SqlRun, configure=False).configured


def test_the_page_in_the_menu_is_among_the_files_that_are_served(plugin: ModuleType) -> None:
    from airmedic.web.static_files import FOLDER

    assert plugin.AirmedicPlugin.react_apps == [plugin.PAGE]
    for key in ("bundle_url", "icon", "icon_dark_mode"):
        served, _, name = plugin.PAGE[key].partition("/static/")
        assert f"/{served}" == plugin.AirmedicPlugin.fastapi_apps[0]["url_prefix"]
        assert (FOLDER / name).is_file()
