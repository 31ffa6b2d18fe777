"""Watches a topic in Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from airmedic.watchers.contract import Watcher
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger


@final
class Kafka(Watcher):
    """A topic in Kafka. The connection holds the servers and the ``group.id``."""

    place = "topic"
    extra = "kafka"
    modules = ("airflow.providers.apache.kafka", "confluent_kafka")

    def trigger(self, spec: ModelSpec, place: str, connection: str) -> BaseEventTrigger:
        """Return the provider's trigger."""
        from airmedic.triggers.provided import ProvidedTrigger

        return ProvidedTrigger(
            "airflow.providers.apache.kafka.triggers.await_message.AwaitMessageTrigger",
            topics=[place],
            kafka_config_id=connection or "kafka_default",
            apply_function="airmedic.triggers.messages.text_of_kafka",
        )
