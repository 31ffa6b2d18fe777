"""What is watched: the triggers that Airflow's triggerer runs, with a real Redis and the providers' own triggers.

Those of providers that are not installed are skipped; `make events` installs them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.spec import ModelSpec
from tests.redis_server import redis_server


def trigger_of(schedule: str) -> Any:
    """Make the trigger that Airflow's triggerer would make from what a DAG file holds."""
    from importlib import import_module

    from airmedic.watchers import watched_asset

    spec = ModelSpec.model_validate(
        {
            "name": "churn",
            "task": "binary",
            "target": "left",
            "data": {"path": "/x.csv", "time_column": "at"},
            "schedule": schedule,
        }
    )
    (watcher,) = watched_asset(spec, with_trigger=True).watchers
    class_path, kwargs = watcher.trigger.serialize()
    module, _, name = class_path.rpartition(".")
    # Airflow keeps it as JSON.
    return getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))


def first_events(trigger: Any, count: int) -> list[Any]:
    """Return what the first events of a trigger say."""

    async def take() -> list[Any]:
        events: AsyncIterator[Any] = trigger.run()
        return [(await anext(events)).payload for _ in range(count)]

    return asyncio.run(asyncio.wait_for(take(), timeout=60))


def announced_by(payloads: list[Any]) -> list[str]:
    """Return the windows that the resolving task finds in what Airflow makes of them."""
    from airmedic_core.monitor import announced

    spec = ModelSpec.model_validate(
        {"name": "churn", "task": "binary", "target": "left", "data": {"path": "/x.csv", "time_column": "at"}}
    )
    extras = [{"from_trigger": True, "payload": json.loads(json.dumps(payload))} for payload in payloads]
    return [str(announcement.window) for announcement in announced(spec, extras).windows]


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Redis of the system's packages on a port of its own."""
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture
def client(redis_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    pytest.importorskip("airflow.providers.redis", reason="the provider of Redis is not installed")
    import redis

    monkeypatch.setenv("AIRFLOW_CONN_REDIS_DEFAULT", f"redis://127.0.0.1:{redis_port}/0")
    with redis.Redis(port=redis_port) as client:
        client.flushall()
        yield client


def test_messages_of_a_list_are_given_and_then_taken_off(client: Any) -> None:
    client.rpush("batches", "2026-01-31", b"\xff\x00 no text", "2026-02-01", "2026-02-01")
    trigger = trigger_of("watch:redis:batches")
    trigger.poll_seconds = 0

    async def run() -> list[Any]:
        events = trigger.run()
        payloads = [(await anext(events)).payload for _ in range(4)]
        # Not before the triggerer has come back for more.
        assert client.llen("batches") == 4
        waiting = asyncio.ensure_future(anext(events))
        while client.llen("batches"):
            await asyncio.sleep(0)
        client.rpush("batches", "2026-02-02")
        payloads.append((await waiting).payload)
        return payloads

    payloads = asyncio.run(asyncio.wait_for(run(), timeout=60))
    assert announced_by(payloads) == ["2026-01-31", "2026-02-01", "2026-02-02"]
    assert payloads[1] == "\ufffd\ufffd no text"


def test_a_message_that_a_triggerer_took_before_it_died_is_given_again(client: Any) -> None:
    client.rpush("batches", "2026-01-31")
    assert first_events(trigger_of("watch:redis:batches"), 1) == ["2026-01-31"]
    assert first_events(trigger_of("watch:redis:batches"), 1) == ["2026-01-31"]


def test_a_redis_that_is_away_or_a_key_that_is_no_list_does_not_end_the_trigger(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.set("batches", "not a list")
    trigger = trigger_of("watch:redis:batches")
    warned: list[str] = []

    class Log:
        def warning(self, text: str, *arguments: Any) -> None:
            warned.append(text % arguments)
            client.delete("batches")
            client.rpush("batches", "2026-01-31")

    trigger.poll_seconds = 0
    trigger._log = Log()
    assert first_events(trigger, 1) == ["2026-01-31"]
    assert len(warned) == 1
    assert "WRONGTYPE" in warned[0]


class Message:
    """What Kafka's client hands over."""

    def __init__(self, value: bytes | None) -> None:
        self._value = value

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> None:
        return None


def test_the_providers_trigger_of_kafka_gives_messages_of_a_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("airflow.providers.apache.kafka", reason="the provider of Kafka is not installed")
    from airflow.providers.apache.kafka.hooks.consume import KafkaConsumerHook

    messages = [None, Message(None), Message(b"\xff"), Message(b'{"key": "2026-01-31"}')]
    committed: list[Any] = []

    class Consumer:
        """A double of the client: there is no Kafka here."""

        def poll(self, timeout: float) -> Any:
            return messages.pop(0)

        def commit(self, *, message: Any, asynchronous: bool) -> None:
            committed.append(message.value())

    asked: list[tuple[Any, str]] = []

    def get_consumer(hook: Any) -> Consumer:
        asked.append((hook.topics, hook.kafka_config_id))
        return Consumer()

    monkeypatch.setattr(KafkaConsumerHook, "get_consumer", get_consumer)
    payloads = []
    for _ in range(2):
        # The provider's trigger ends with each message; the triggerer starts it again.
        trigger = trigger_of("watch:kafka:scored@kafka_eu")
        trigger.poll_interval = 0
        payloads += first_events(trigger, 1)
    assert payloads == ["\ufffd", '{"key": "2026-01-31"}']
    assert announced_by(payloads) == ["2026-01-31"]
    assert committed == [None, b"\xff", b'{"key": "2026-01-31"}']
    assert asked == [(["scored"], "kafka_eu")] * 2


def test_the_providers_trigger_of_sqs_gives_messages_of_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("airflow.providers.amazon", reason="the provider of Amazon is not installed")
    pytest.importorskip("aiobotocore", reason="the client of SQS is not installed")
    from airflow.providers.amazon.aws.hooks.sqs import SqsHook

    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/scored"
    requests: list[dict[str, Any]] = []

    class Client:
        """A double of the client: there is no SQS here."""

        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *error: object) -> None:
            return None

        async def receive_message(self, **request: Any) -> dict[str, Any]:
            requests.append(request)
            bodies = ["2026-02-01", "2026-01-31", "2026-02-01", "no window"]
            return {
                "Messages": [{"MessageId": str(i), "ReceiptHandle": str(i), "Body": b} for i, b in enumerate(bodies)]
            }

        async def delete_message_batch(self, **request: Any) -> dict[str, Any]:
            requests.append(request)
            return {"Successful": request["Entries"]}

    async def get_async_conn(hook: Any) -> Client:
        return Client()

    monkeypatch.setattr(SqsHook, "get_async_conn", get_async_conn)
    payloads = first_events(trigger_of(f"watch:sqs:{url}"), 1)
    assert announced_by(payloads) == ["2026-01-31", "2026-02-01"]
    received, deleted = requests
    assert (received["QueueUrl"], received["MaxNumberOfMessages"], received["WaitTimeSeconds"]) == (url, 10, 20)
    assert len(deleted["Entries"]) == 4


def test_files_of_windows_are_given_as_they_land(adopted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airmedic.triggers.landed_files import LandedFilesTrigger

    rows = adopted / "rows"
    rows.mkdir()
    path = f"{rows}/{{window_start:%Y-%m-%d}}.csv"
    spec = (adopted / "models" / "meter.yaml").read_text().replace(str(adopted.parent), str(adopted.parent))
    lines = [f"  path: '{path}'" if line.strip().startswith("path:") else line for line in spec.splitlines()]
    (adopted / "models" / "landing.yaml").write_text("\n".join(lines).replace("name: meter", "name: landing"))
    for day in ("2026-01-30", "2026-01-31"):
        (rows / f"{day}.csv").write_text("at\n")
    trigger = LandedFilesTrigger(model="landing", path=path, poll_seconds=0)
    payloads = first_events(trigger, 1)
    assert announced_by(payloads) == ["2026-01-31"]
