"""What the cluster rests on imports with the locked versions."""

from __future__ import annotations

from importlib import import_module

import pytest

# The libraries' own, of one another.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize(
    "module",
    [
        # Scheduler and worker; with Celery 5.7 they end at once.
        "airflow.providers.celery.executors.celery_executor",
        "airflow.providers.celery.executors.celery_executor_utils",
        "airflow.providers.fab.auth_manager.fab_auth_manager",
    ],
)
def test_what_the_compose_file_names_can_be_imported(module: str) -> None:
    import_module(module)
