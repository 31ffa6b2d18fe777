"""The Airflow plugin: registers the health page, and imports heavy libraries once, in what tasks are forked from.

Each task is a new process. Great Expectations, Evidently, MLflow and their like take seconds to import, in every task
again, unless the parent has them already: then the forked task inherits them and starts in a fraction of a second.

Only two processes fork tasks: the scheduler with the LocalExecutor, and a Celery worker. The DAG processor forks a
process for each DAG file, which imports what the DAGs are made of; it loads plugins before that, to ask them for
listeners. The worker loads them in time only with ``[core] lazy_load_plugins = False``. ``AIRMEDIC_WARM_IMPORTS=0``
switches all of it off.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pkgutil import walk_packages
from time import perf_counter
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airmedic.web.lazy_app import URL_PREFIX, LazyApp
from airmedic_core.extras import is_installed, missing_extra

log = logging.getLogger(__name__)

# Those that are not installed are left out.
LIBRARIES = (
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.ensemble",
    "sklearn.pipeline",
    "mlflow.sklearn",
    # MLflow keeps models of scikit-learn in its format, unless told otherwise.
    "skops.io",
    "great_expectations",
    "evidently.presets",
    "anthropic",
    "plotly.graph_objects",
)
"""Says what tasks import, in the order in which it is imported."""

_NOT_IN_TASKS = (
    "airmedic_core.cli", "airmedic_core.simulate", "airmedic_core.read_model", "airmedic_core.ledger.migrations",
    "airmedic.testing", "airmedic.triggers", "airmedic.watchers", "airmedic.web",
)  # fmt: skip

STORES = ("mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store")
"""Says what MLflow's client imports where it speaks with a database itself, in place of a server."""


PAGE = {
    "name": "Model health",
    "url_route": "model-health",
    "destination": "nav",
    "nav_top_level": True,
    # Below the address that Airflow's page is at, which need not be the root of its machine.
    "bundle_url": f"{URL_PREFIX[1:]}/static/main.js",
    "icon": f"{URL_PREFIX[1:]}/static/icon.svg",
    "icon_dark_mode": f"{URL_PREFIX[1:]}/static/icon-dark.svg",
}
"""The page in Airflow's menu. Airflow's UI loads the module, and shows the component that it leaves behind."""


class AirmedicPlugin(AirflowPlugin):
    """Registers Airmedic with Airflow."""

    name = "airmedic"
    fastapi_apps = [{"app": LazyApp(), "url_prefix": URL_PREFIX, "name": "Airmedic"}]  # noqa: RUF012  Airflow wants a list
    react_apps = [PAGE]  # noqa: RUF012

    @classmethod
    def on_load(cls, *_: Any, **__: Any) -> None:
        """Warm the imports, where this process forks tasks."""
        if forks_tasks(sys.argv, os.environ):
            there = [name for name in LIBRARIES if is_installed(name.partition(".")[0])]
            warm_imports([*there, *our_modules("airmedic_core"), *our_modules("airmedic"), *extension_modules()])
            if is_installed("mlflow") and speaks_with_a_database(os.environ):
                warm_imports(STORES)
                prepare_tables()
        elif reads_dag_files(sys.argv, os.environ):
            warm_imports(modules_of_dag_files())


def forks_tasks(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Say whether this process is one that tasks are forked from, and may be warmed.

    Parameters
    ----------
    argv : sequence of str
        The command line of the process.
    env : mapping
        Its environment.
    """
    command = list(argv[1:3])
    if not _may_be_warmed(env):
        return False
    if command == ["celery", "worker"]:
        return True
    if command[:1] != ["scheduler"]:
        return False
    from airflow.configuration import conf

    # With other executors the scheduler runs no tasks, and would only carry the libraries around.
    return "LocalExecutor" in conf.get("core", "executor")


def reads_dag_files(argv: Sequence[str], env: Mapping[str, str]) -> bool:
    """Say whether this process is the DAG processor, from which a process for each DAG file is forked.

    Parameters
    ----------
    argv : sequence of str
        The command line of the process.
    env : mapping
        Its environment.
    """
    return _may_be_warmed(env) and list(argv[1:2]) == ["dag-processor"]


def _may_be_warmed(env: Mapping[str, str]) -> bool:
    return env.get("AIRMEDIC_WARM_IMPORTS", "1").lower() not in {"0", "false", "no"}


def our_modules(package: str) -> list[str]:
    """Return the modules of a package, with the members of families, which are otherwise imported when needed."""
    names = [module.name for module in walk_packages(import_module(package).__path__, f"{package}.")]
    return [name for name in names if not name.startswith(_NOT_IN_TASKS)]


def modules_of_dag_files() -> list[str]:
    """Return what DAG files import: what makes the DAGs, and the actions, which their forms name."""
    ours = [*our_modules("airmedic.dags"), *our_modules("airmedic_core.actions"), "airmedic_core.extension_faults"]
    return [*ours, *extension_modules()]


def speaks_with_a_database(env: Mapping[str, str]) -> bool:
    """Say whether tasks reach MLflow without a server; the connection for it may say otherwise."""
    return not env.get("MLFLOW_TRACKING_URI", "").startswith("http")


def prepare_tables() -> None:
    """Let SQLAlchemy work out how MLflow's tables hang together, which takes each task a second otherwise."""
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import configure_mappers

    try:
        configure_mappers()
    except SQLAlchemyError as error:
        log.warning("The tables of MLflow could not be prepared ahead of the tasks: %s", error)


def extension_modules() -> list[str]:
    """Return the modules in which installed packages offer members of families."""
    from airmedic_core.family import groups_offered

    return sorted({entry.module for entries in groups_offered().values() for entry in entries})


def warm_imports(modules: Sequence[str]) -> None:
    """Import modules; one that cannot be imported is logged, and whatever needs it will say why."""
    from airmedic_core.fitted import quiet_skops

    # It writes hundreds of lines while it is imported.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    started = perf_counter()
    for module in modules:
        try:
            with quiet_skops():
                import_module(module)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - what breaks on import must not stop the scheduler
            if missing_extra(error):
                continue
            log.warning("%s could not be imported ahead of its tasks: %s", module, error)
    seconds = perf_counter() - started
    if seconds > 0.5:  # a forked task comes by here again and finds everything imported
        log.info("Imported %d modules ahead of their tasks in %.1f s.", len(modules), seconds)
