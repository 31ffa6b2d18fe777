"""Tests on a running Airflow and MLflow, which start once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.airflow.running.steps import new_run_id, parked

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

_MARKS = (
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    # MLflow's client keeps connections to its server that nobody can close.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for mark in _MARKS:
                item.add_marker(mark)


@pytest.fixture(scope="session", autouse=True)
def unanswered(running: Running) -> str:
    """The run of a question that nobody answers: asked before all tests, for it takes more than a minute to run out."""
    running.adopt("hasty")
    form = {"action": "retrain", "reason": "A test asks."}
    return running.client().trigger("remediate__hasty", form, run_id=new_run_id())


@pytest.fixture
def ask(running: Running) -> Iterator[Callable[..., tuple[str, dict[str, Any]]]]:
    """Start a remediation by hand and wait until it asks; returns the run id and the Required Action."""
    started: list[tuple[str, str]] = []
    client = running.client()

    def start(model: str = "meter", action: str = "rollback") -> tuple[str, dict[str, Any]]:
        running.adopt(model)
        dag_id = f"remediate__{model}"
        run_id = client.trigger(dag_id, {"action": action, "reason": "A test asks."}, run_id=new_run_id())
        started.append((dag_id, run_id))
        return run_id, parked(running, run_id)

    yield start
    for dag_id, run_id in started:
        if client.run(dag_id, run_id)["state"] not in ("success", "failed"):
            client.request("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", json={"state": "failed"})
