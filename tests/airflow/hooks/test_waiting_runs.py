"""Runs that wait for rows, and step aside for others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.airflow.production import meter
from tests.airflow.tasks import context_of


def wait_for_rows(content: Path, monkeypatch: pytest.MonkeyPatch, *, queued: int, tries: int = 1, **run: Any) -> Any:
    """Resolve the batch of a run whose rows are late, and return the run that goes on waiting; None without one."""
    from airflow.sdk.exceptions import AirflowException, AirflowSkipException
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import TriggerDagRun

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    sent: list[Any] = []
    supervisor = SimpleNamespace(send=lambda msg: sent.append(msg) if isinstance(msg, TriggerDagRun) else None)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    meter.write_spec(content / "models", "late", content / "not_delivered_yet.csv")
    conf = run.get("conf") or {}
    asked = {name: conf.get(name, "") for name in ("window_start", "window_end", "as_of")}
    operator = ResolveBatchOperator(task_id="resolve_batch", model="late", **asked)
    context = context_of(operator)
    start = datetime.now(UTC) - timedelta(minutes=1)
    vars(context["dag_run"]).update(
        {"run_id": "scheduled__1", "run_type": "scheduled", "start_date": start, "conf": None, **run}
    )
    vars(context["ti"]).update(try_number=tries, get_dr_count=lambda **asked: queued if asked["states"] else 0)
    with pytest.raises(AirflowException) as ended:
        operator.execute(context)
    assert isinstance(ended.value, AirflowSkipException) == bool(sent)
    return sent[0] if sent else None


def test_a_scheduled_run_that_waits_for_rows_steps_aside_for_one_that_is_queued(
    adopted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wait_for_rows(adopted, monkeypatch, queued=0) is None
    assert wait_for_rows(adopted, monkeypatch, queued=1, run_type="manual", run_id="manual__1") is None
    further = wait_for_rows(adopted, monkeypatch, queued=1)
    assert further.dag_id == "monitor__meter", "the DAG of the run itself"
    assert further.run_id.startswith("waiting__1__")
    assert further.conf["turn"] == 1
    start, end = (datetime.fromisoformat(further.conf[name]) for name in ("window_start", "window_end"))
    assert end - start == timedelta(days=1)
    # It looks at what the first run would have looked at, whenever its turn comes.
    assert datetime.fromisoformat(further.conf["as_of"]) >= end


def test_two_windows_that_wait_take_fewer_and_fewer_turns_and_end(
    adopted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = wait_for_rows(adopted, monkeypatch, queued=1)
    about = {"run_id": first.run_id, "run_type": "manual", "conf": first.conf}
    assert wait_for_rows(adopted, monkeypatch, queued=1, **about) is None
    second = wait_for_rows(adopted, monkeypatch, queued=1, tries=2, **about)
    assert (second.conf["turn"], second.conf["waiting_since"]) == (2, first.conf["waiting_since"])
    assert second.run_id != first.run_id
    long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    about["conf"] = {**first.conf, "waiting_since": long_ago}
    assert wait_for_rows(adopted, monkeypatch, queued=1, tries=9, **about) is None
