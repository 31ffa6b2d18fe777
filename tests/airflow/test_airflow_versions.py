"""The one module that knows how versions of Airflow differ, in both of its ways on whichever version is installed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.airflow.tasks import context_of


def _wait(context: Any) -> None:
    from airmedic.airflow_versions import wait_for_answer

    wait_for_answer(
        context,
        method_name="resume",
        kwargs={"tier": 1},
        options=("Approve", "Reject"),
        timeout=timedelta(minutes=5),
    )


def test_where_tasks_cannot_be_parked_they_are_deferred_until_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import TaskDeferred

    from airmedic import airflow_versions

    monkeypatch.setattr(airflow_versions, "PARKS_TASKS", False)
    context = context_of(None)
    before = datetime.now(UTC)
    with pytest.raises(TaskDeferred) as deferred:
        _wait(context)
    place, arguments = deferred.value.trigger.serialize()
    assert (deferred.value.method_name, deferred.value.kwargs) == ("resume", {"tier": 1})
    assert place == "airflow.providers.standard.triggers.hitl.HITLTrigger"
    assert (arguments["ti_id"], arguments["options"]) == (context["ti"].id, ["Approve", "Reject"])
    # Without a default, nobody answering is an event of its own and no answer.
    assert arguments["defaults"] is None
    assert timedelta(minutes=5) <= arguments["timeout_datetime"] - before < timedelta(minutes=6)
    # It would fail the task over a value that is out of bounds; the ledger refuses that.
    assert arguments["params"] == {}


def test_where_tasks_can_be_parked_they_are() -> None:
    from airflow.sdk import exceptions

    from airmedic import airflow_versions

    if not airflow_versions.PARKS_TASKS:
        pytest.skip("This Airflow cannot park tasks.")
    with pytest.raises(exceptions.TaskAwaitingInput) as parked:
        _wait(context_of(None))
    assert (parked.value.method_name, parked.value.timeout) == ("resume", timedelta(minutes=5))


@pytest.mark.usefixtures("adopted")
def test_without_airflows_memory_the_ledger_knows_what_a_page_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic import airflow_versions
    from airmedic.hooks.workspace import open_workspace

    monkeypatch.setattr(airflow_versions, "PARKS_TASKS", False)
    workspace, context = open_workspace("meter"), context_of(None)
    shown = [airflow_versions.proposal_on_page(context, workspace, name) for name in ("first", "first", "second")]
    assert shown == ["first", "first", "first"]
    context["ti"].run_id = "another run"
    assert airflow_versions.proposal_on_page(context, workspace, "second") == "second"
    workspace.ledger.verify_audit()


def test_where_a_task_cannot_add_a_partition_its_run_has_to_have_it() -> None:
    from types import SimpleNamespace

    from airmedic.airflow_versions import announce_partition
    from airmedic_core.errors import SpecError

    context = context_of(None)
    with pytest.raises(SpecError, match="only from a run that has it"):
        announce_partition(context, SimpleNamespace(extra={}), "2026-01-31")
    context["dag_run"].partition_key = "2026-01-31"
    announce_partition(context, SimpleNamespace(extra={}), "2026-01-31")


def test_where_a_task_can_add_a_partition_it_does() -> None:
    from types import SimpleNamespace

    from airmedic.airflow_versions import announce_partition

    added: list[str] = []
    announce_partition(context_of(None), SimpleNamespace(add_partitions=added.append), "2026-01-31")
    assert added == ["2026-01-31"]
