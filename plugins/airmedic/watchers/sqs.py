"""Watches a queue in Amazon SQS."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from airmedic.watchers.contract import Watcher
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger

_MOST_MESSAGES = 10
"""The most that SQS hands out at once."""
_WAIT_SECONDS = 20
"""The longest that SQS waits for a message before it answers that there is none."""


@final
class Sqs(Watcher):
    """A queue in Amazon SQS, by its URL. Notices of S3 about new files are understood too."""

    place = "url"
    extra = "sqs"
    modules = ("airflow.providers.amazon", "aiobotocore")

    def trigger(self, spec: ModelSpec, place: str, connection: str) -> BaseEventTrigger:
        """Return the provider's trigger."""
        from airmedic.triggers.provided import ProvidedTrigger

        return ProvidedTrigger(
            "airflow.providers.amazon.aws.triggers.sqs.SqsSensorTrigger",
            sqs_queue=place,
            aws_conn_id=connection or "aws_default",
            max_messages=_MOST_MESSAGES,
            wait_time_seconds=_WAIT_SECONDS,
            waiter_delay=1,
        )
