"""The plugin that warms imports."""

from __future__ import annotations

import logging
import sys
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


def test_only_processes_that_fork_tasks_are_warmed(plugin: ModuleType) -> None:
    assert plugin.forks_tasks(["airflow", "scheduler"], {})
    assert plugin.forks_tasks(["airflow", "celery", "worker", "-q", "x"], {})
    assert not plugin.forks_tasks(["airflow", "scheduler"], {"AIRMEDIC_WARM_IMPORTS": "0"})
    for other in (["dag-processor"], ["api-server"], ["triggerer"], ["dags", "list"], ["celery", "flower"], []):
        assert not plugin.forks_tasks(["airflow", *other], {})
