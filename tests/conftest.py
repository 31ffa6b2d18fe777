"""What all tests share."""

from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

_RUNNING = "tests/airflow/running/"

# The same examples in every run: a failure is about the change at hand. Look further with --hypothesis-profile=default.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


class _ByFile(LoadScopeScheduling):
    """Give the tests of a file to one process, those on a running Airflow to one: two Airflows are too many."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return _RUNNING if path.startswith(_RUNNING) else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    # In the order of the files: the running Airflow comes early, and its minutes of waiting lie beside other tests.
    config.option.loadscopereorder = False
    return _ByFile(config, log)
