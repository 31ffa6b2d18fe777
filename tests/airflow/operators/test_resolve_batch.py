"""Which batch a monitoring run is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.airflow.production import meter
from tests.airflow.tasks import context_of, day_batch

AT = datetime(2026, 11, 20, 6, tzinfo=UTC)
"""When events come."""


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
    events = [SimpleNamespace(extra=extra, timestamp=AT) for extra in extras]
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


def resolve(*, key: str | None = None, extras: list[dict[str, Any]] | None = None, **run: Any) -> Any:
    """Resolve the batch of a run that events have started."""
    from airflow.sdk.api.datamodels._generated import DagRunType

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
    events = [SimpleNamespace(extra=extra, timestamp=AT) for extra in extras or []]
    context = context_of(operator, triggering_asset_events={"asset": events})
    about = {"run_type": DagRunType.ASSET_TRIGGERED, "partition_key": key, "clear_number": 0, **run}
    vars(context["dag_run"]).update(about)
    return operator.execute(context)


def record(index: int, *, as_of: Any = None) -> None:
    """Put the assessment of a day on record, as a monitoring run does."""
    from datetime import timedelta

    from airmedic.hooks.workspace import open_workspace
    from airmedic_core.records import Assessment, Batch, Cause, Severity
    from airmedic_core.windows import Window

    start = meter.START + timedelta(days=index)
    window = Window(start, start + timedelta(days=1))
    batch = Batch("meter", window, as_of or window.end, 144)
    healthy = Assessment(batch.id, "healthy", Cause.HEALTHY, Severity.LOW, "Fine.", "fine")
    open_workspace("meter").ledger.record_assessment(batch, healthy)


@pytest.mark.usefixtures("adopted")
def test_a_partition_key_is_the_window() -> None:
    key = meter.day(6)["window_start"][:10]
    batch = resolve(key=key, extras=[{"window_start": "2020-01-01", "window_end": "2020-01-02"}])
    assert (batch["window"]["start"][:10], batch["rows"]) == (key, 144)
    assert resolve(key=f"{key}T00:00:00")["window"]["start"][:10] == key


@pytest.mark.usefixtures("adopted")
@pytest.mark.parametrize("key", ["eu", "2026-01", "2026-01-31T06:00:00"])
def test_a_partition_key_that_is_no_window_fails_its_run_at_once(key: str) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    with pytest.raises(AirflowFailException, match=f"'{key}' is no window of one day"):
        resolve(key=key)


@pytest.mark.usefixtures("adopted")
def test_a_window_on_record_is_skipped_however_often_it_is_announced() -> None:
    from airflow.sdk.api.datamodels._generated import DagRunType
    from airflow.sdk.exceptions import AirflowSkipException

    record(9)
    key = meter.day(9)["window_start"][:10]
    announcements: list[dict[str, Any]] = [
        {"key": key},
        {"extras": [meter.day(9)]},
        {"extras": [{"from_trigger": True, "payload": key}]},
    ]
    for announcement in announcements:
        with pytest.raises(AirflowSkipException, match="is on record"):
            resolve(**announcement)
    # Somebody wants to see it again: by hand, or by clearing the run.
    assert resolve(key=key, clear_number=1)["rows"] == 144
    assert resolve(key=key, run_type=DagRunType.MANUAL)["rows"] == 144
    assert day_batch(9)["rows"] == 144


@pytest.mark.usefixtures("adopted")
def test_a_window_on_record_is_looked_at_again_with_later_labels_or_when_it_was_in_quarantine() -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from airmedic.hooks.workspace import open_workspace
    from airmedic_core.windows import as_utc

    record(10)
    later = {**meter.day(10), "as_of": meter.day(12)["window_end"]}
    assert as_utc(resolve(extras=[later])["as_of"]) == as_utc(later["as_of"])
    record(10, as_of=as_utc(later["as_of"]))
    with pytest.raises(AirflowSkipException):
        resolve(extras=[later])
    start = as_utc(later["window_start"])
    key = f"{start:%Y%m%dT%H%M}_{as_utc(later['window_end']):%Y%m%dT%H%M}"
    ledger = open_workspace("meter").ledger
    ledger.set_override("meter", "quarantine", key, {}, author="anna", reason="broken")
    assert resolve(extras=[later])["rows"] == 144
    ledger.revoke_override("meter", "quarantine", key, author="anna")


@pytest.mark.usefixtures("adopted")
def test_a_further_run_of_an_announced_window_is_skipped_too() -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    record(11)
    operator = ResolveBatchOperator(task_id="resolve_batch", model="meter", **meter.day(11))
    context = context_of(operator)
    context["dag_run"].run_id = "announced__1__r1"
    with pytest.raises(AirflowSkipException, match="is on record"):
        operator.execute(context)


@pytest.mark.usefixtures("adopted")
def test_messages_that_are_no_window_do_not_hold_up_the_others_and_people_are_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

    import airmedic.operators.resolve_batch as module

    told: list[str] = []
    monkeypatch.setattr(module, "tell", lambda spec, headline, *lines: told.append(headline))

    def message(payload: Any) -> dict[str, Any]:
        return {"from_trigger": True, "payload": payload}

    batch = resolve(extras=[message("soon"), message(meter.day(7)["window_start"][:10]), message("{}")])
    assert batch["window"]["start"].startswith(meter.day(7)["window_start"][:10])
    assert told == ["2 of the messages for meter named no window."]
    with pytest.raises(AirflowFailException, match="'soon' is no window"):
        resolve(extras=[message("soon")])
    with pytest.raises(AirflowSkipException, match="for other models"):
        resolve(extras=[message('{"model": "other", "key": "2026-01-31"}')])


@pytest.mark.usefixtures("adopted")
def test_events_right_after_the_first_are_looked_at_though_airflow_gives_them_to_no_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The scheduler takes the moment of the first event for the run, and forgets that there was another before it came.
    from airflow.sdk import Asset
    from airflow.sdk.api.datamodels._generated import DagRunType
    from airflow.sdk.exceptions import AirflowFailException
    from airflow.sdk.execution_time import context as sdk_context
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import TriggerDagRun

    from airmedic.operators.resolve_batch import ResolveBatchOperator

    asked: list[Any] = []
    sent: list[Any] = []
    later: list[Any] = []

    class Accessor:
        def after(self, moment: str) -> list[Any]:
            asked.append(moment)
            return Asked(later)

    class Asked(list[Any]):
        def limit(self, most: int) -> list[Any]:
            return self[:most]

    monkeypatch.setattr(sdk_context.InletEventsAccessors, "__getitem__", lambda *_: Accessor())
    supervisor = SimpleNamespace(send=lambda msg: sent.append(msg) if isinstance(msg, TriggerDagRun) else None)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)

    def message(payload: str, key: str | None = None) -> Any:
        extra = {"from_trigger": True, "payload": payload}
        return SimpleNamespace(extra=extra, partition_key=key, timestamp=AT, created_dagruns=[])

    def resolve_first(payload: str) -> Any:
        operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
        context = context_of(operator, triggering_asset_events={Asset("airmedic://test/meter"): [message(payload)]})
        context["dag_run"].run_type = DagRunType.ASSET_TRIGGERED
        return operator.execute(context)

    days = {number: meter.day(number)["window_start"][:10] for number in (12, 13, 14)}
    later[:] = [message(days[14]), message("soon"), message(days[12]), message(days[12], key="of a partition")]
    assert resolve_first(days[13])["window"]["start"].startswith(days[12])
    assert [run.conf["window_start"][:10] for run in sent] == [days[13], days[14]]
    assert asked == ["2026-11-20T06:00:00+00:00"]
    sent.clear()
    with pytest.raises(AirflowFailException, match="'no window' is no window"):
        resolve_first("no window")
    assert [run.conf["window_start"][:10] for run in sent] == [days[12], days[14]]


class Airflow:
    """A double of what the resolving task asks of Airflow: events since a moment, and to start runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from airflow.sdk.execution_time import context as sdk_context
        from airflow.sdk.execution_time import task_runner
        from airflow.sdk.execution_time.comms import TriggerDagRun

        self.events: list[Any] = []
        self.started: dict[str, Any] = {}
        self.queued = 0
        self.error: Exception | None = None
        self._since = AT

        def send(msg: Any) -> None:
            if isinstance(msg, TriggerDagRun):
                # As Airflow does: a run that is there is left alone.
                self.started.setdefault(msg.run_id, msg.conf)

        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", SimpleNamespace(send=send), raising=False)
        monkeypatch.setattr(sdk_context.InletEventsAccessors, "__getitem__", lambda *_: self)

    def after(self, moment: str) -> Any:
        self._since = datetime.fromisoformat(moment)
        return self

    def limit(self, most: int) -> Any:
        return self

    def __iter__(self) -> Any:
        if self.error:
            raise self.error
        return iter([event for event in self.events if event.timestamp >= self._since])

    def event(self, number: int, second: int, *, runs: tuple[str, ...] = (), **more: Any) -> Any:
        event = SimpleNamespace(
            extra={**meter.day(number), **more},
            partition_key=None,
            timestamp=AT + timedelta(seconds=second),
            created_dagruns=[SimpleNamespace(dag_id=dag_id) for dag_id in runs],
        )
        self.events.append(event)
        return event

    def run(self, *events: Any, clear_number: int = 0) -> str:
        """Resolve the batch of a run that some events have started, and return its day."""
        from airflow.sdk import Asset
        from airflow.sdk.api.datamodels._generated import DagRunType

        from airmedic.operators.resolve_batch import ResolveBatchOperator

        operator = ResolveBatchOperator(task_id="resolve_batch", model="meter")
        context = context_of(operator, triggering_asset_events={Asset("airmedic://test/meter"): list(events)})
        about = {"run_type": DagRunType.ASSET_TRIGGERED, "clear_number": clear_number}
        last = max(event.timestamp for event in events)
        vars(context["dag_run"]).update({**about, "run_id": f"asset_triggered__{last}", "run_after": last})
        context["run_id"] = context["dag_run"].run_id
        vars(context["ti"]).update(get_dr_count=lambda **asked: self.queued)
        return str(operator.execute(context)["window"]["start"][:10])

    @property
    def days(self) -> list[str]:
        """The days that further runs were started for."""
        return [conf["window_start"][:10] for conf in self.started.values()]


def date(number: int) -> str:
    return str(meter.day(number)["window_start"][:10])


@pytest.mark.usefixtures("adopted")
def test_runs_that_are_told_of_the_same_events_start_one_further_run_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(monkeypatch)
    events = [airflow.event(number, number) for number in range(1, 9)]
    for event in events:
        airflow.run(event)
    # None is on record. Of 8 events the 7 after the first have a further run, not 7 + 6 + … + 1.
    assert airflow.days == [date(number) for number in range(2, 9)]
    # Announced anew, with later labels or after a quarantine, is another event: its window has a run again.
    again = airflow.event(8, 20, as_of="2030-01-01T00:00:00+00:00")
    airflow.run(events[0], again)
    assert airflow.days.count(date(8)) == 2
    assert [conf.get("as_of") for conf in airflow.started.values()][-1] == "2030-01-01T00:00:00+00:00"


@pytest.mark.usefixtures("adopted")
def test_events_that_have_a_run_of_their_own_are_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(monkeypatch)
    first = airflow.event(3, 0, runs=("monitor__meter",))
    airflow.event(4, 1, runs=("monitor__meter", "other"))
    airflow.event(5, 2, runs=("other",))
    assert airflow.run(first) == date(3)
    assert airflow.days == [date(5)]


@pytest.mark.usefixtures("adopted")
def test_airflow_that_cannot_tell_of_events_whose_run_is_queued_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse

    airflow = Airflow(monkeypatch)
    first = airflow.event(3, 0)
    airflow.error = AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": 500}))
    with pytest.raises(AirflowRuntimeError):
        airflow.run(first)
    airflow.queued = 1
    assert airflow.run(first) == date(3)
    assert airflow.days == []


@pytest.mark.usefixtures("adopted")
def test_a_run_that_somebody_clears_looks_at_its_own_window_again(monkeypatch: pytest.MonkeyPatch) -> None:
    airflow = Airflow(monkeypatch)
    events = (airflow.event(15, 0, runs=("monitor__meter",)), airflow.event(16, 1, runs=("monitor__meter",)))
    assert airflow.run(*events) == date(15)
    record(15)
    started = list(airflow.started)
    assert airflow.run(*events, clear_number=1) == date(15)
    assert list(airflow.started) == started
