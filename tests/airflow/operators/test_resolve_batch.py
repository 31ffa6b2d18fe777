"""Which batch a monitoring run is about."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.airflow.production import meter
from tests.airflow.tasks import context_of, day_batch


@pytest.mark.usefixtures("adopted")
def test_the_window_comes_from_the_arguments() -> None:
    batch = day_batch(10)
    assert batch["rows"] == 144
    assert batch["window"]["start"].startswith(meter.day(10)["window_start"][:10])


@pytest.mark.usefixtures("adopted")
def test_of_several_announced_windows_each_gets_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import TriggerDagRun

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    sent: list[Any] = []
    supervisor = SimpleNamespace(send=lambda msg: sent.append(msg) if isinstance(msg, TriggerDagRun) else None)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    extras = [meter.day(5), meter.day(3), {}, meter.day(4), meter.day(4)]
    events = [SimpleNamespace(extra=extra) for extra in extras]
    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
    batch = operator.execute(context_of(operator, triggering_asset_events={"asset": events}))
    assert batch["window"]["start"].startswith(meter.day(3)["window_start"][:10])
    assert [(message.dag_id, message.conf) for message in sent] == [("monitor__meter", meter.day(n)) for n in (4, 5)]
    assert len({message.run_id for message in sent}) == 2


@pytest.mark.usefixtures("adopted")
def test_without_either_it_is_the_last_complete_window() -> None:
    from airmedic.operators.resolve_batch import ResolveBatchOperator
    from airmedic_core.windows import as_utc

    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
    context = context_of(operator)
    context["dag_run"].run_after = as_utc(meter.day(8)["window_end"]).replace(hour=9)
    assert operator.execute(context)["window"]["start"].startswith(meter.day(8)["window_start"][:10])


@pytest.mark.usefixtures("adopted")
def test_a_run_with_a_data_interval_is_due_at_its_end() -> None:
    from airmedic.operators.resolve_batch import ResolveBatchOperator
    from airmedic_core.windows import as_utc

    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
    start, end = (as_utc(meter.day(8)[key]) for key in ("window_start", "window_end"))
    context = context_of(operator, data_interval_end=end)
    context["dag_run"].logical_date = start
    batch = operator.execute(context)
    assert (as_utc(batch["window"]["start"]), as_utc(batch["as_of"])) == (start, end)


def test_a_missing_batch_is_retried_and_a_wrong_time_is_not(adopted: Path) -> None:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    meter.write_spec(adopted / "models", "absent", adopted / "not_delivered_yet.csv")
    operator = ResolveBatchOperator(task_id="early", model="absent", **meter.day(3))
    with pytest.raises(AirflowException) as missing:
        operator.execute(context_of(operator))
    assert not isinstance(missing.value, AirflowFailException)
    operator = ResolveBatchOperator(task_id="wrong", model="meter", window_start="soon", window_end="later", as_of="")
    with pytest.raises(AirflowFailException, match="'soon' is not a date or time"):
        operator.execute(context_of(operator))
