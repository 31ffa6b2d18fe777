"""What all tests share."""

import sqlite3
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import Engine, event
from xdist.scheduler import LoadScopeScheduling

_RUNNING = "tests/airflow/running/"

# The same examples in every run: a failure is about the change at hand. Look further with --hypothesis-profile=default.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@event.listens_for(Engine, "connect")
def _leave_the_disk_to_the_system(connection: Any, _: object) -> None:
    # A hundred times a test, SQLite would wait until the disk has written. That is against a loss of power, not of a
    # process: what is written is there when a test kills one.
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    # In the order in which they are collected, not by how many tests a file has.
    config.option.loadscopereorder = False
    return _ByFile(config, log)
