"""What all tests share."""

import gc
import os
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests import cheap_fits, cheap_sqlite

_RUNNING = "tests/airflow/running/"

# MLflow, Great Expectations and Evidently would tell their makers of each call, from threads of their own.
os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", GX_ANALYTICS_ENABLED="false", DO_NOT_TRACK="true")

# The same examples in every run: a failure is about the change at hand. Look further with --hypothesis-profile=default.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
cheap_sqlite.make_cheap()


class _ByFile(LoadScopeScheduling):
    """Give the tests of a file to one process, those on a running Airflow to one: two Airflows are too many."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return _RUNNING if path.startswith(_RUNNING) else path


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of slow tests, the running Airflow first.

    Its minutes of waiting then lie beside other tests, and no process is left alone with a long file at the end.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: (not item.nodeid.startswith(_RUNNING), item.path not in slow))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Look for garbage among what tests make only: looking through all that was imported took a tenth of a run."""
    gc.collect()
    gc.freeze()
    # Fewer looks than Python's own (700, 10, 10), which are meant for programs that live for days.
    gc.set_threshold(50_000, 20, 50)


def pytest_runtest_setup() -> None:
    cheap_fits.make_cheap()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    # In the order in which they are collected, not by how many tests a file has.
    config.option.loadscopereorder = False
    return _ByFile(config, log)
