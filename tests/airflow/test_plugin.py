"""The plugin that warms imports."""

from __future__ import annotations

from pathlib import Path


def test_only_processes_that_fork_tasks_are_warmed() -> None:
    import importlib.util

    place = Path(__file__).resolve().parents[2] / "plugins" / "airmedic_plugin.py"
    spec = importlib.util.spec_from_file_location("airmedic_plugin", place)
    assert spec is not None
    assert spec.loader is not None
    plugin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plugin)
    assert plugin.forks_tasks(["airflow", "scheduler"], {})
    assert plugin.forks_tasks(["airflow", "celery", "worker", "-q", "x"], {})
    assert not plugin.forks_tasks(["airflow", "scheduler"], {"AIRMEDIC_WARM_IMPORTS": "0"})
    for other in (["dag-processor"], ["api-server"], ["triggerer"], ["dags", "list"], ["celery", "flower"], []):
        assert not plugin.forks_tasks(["airflow", *other], {})
