"""Takes messages from a list in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from airmedic.triggers.messages import text_of

POLL_SECONDS = 5.0
"""Between two looks at the list. The triggerer writes events down each second, and so has kept them by then."""
_AT_ONCE = 100
"""Messages that are taken in one look; the others wait for the next."""


class RedisListTrigger(BaseEventTrigger):
    """Gives each message of a list as an event, and takes it off the list once the triggerer has written it down.

    A triggerer that dies in between leaves the message where it is, and the next one gives it again: the same window is
    looked at once however often it is announced.

    Parameters
    ----------
    list_name : str
        Key of the list.
    connection_id : str
        Airflow connection of the type Redis.
    poll_seconds : float
        Between two looks at the list.
    """

    def __init__(self, *, list_name: str, connection_id: str, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.list_name = list_name
        self.connection_id = connection_id
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes it again."""
        kwargs = {"list_name": self.list_name, "connection_id": self.connection_id, "poll_seconds": self.poll_seconds}
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the list until the triggerer ends."""
        from redis.exceptions import RedisError

        client: Any = None
        while True:
            messages: list[bytes | str] = []
            try:
                client = client or await sync_to_async(self._client)()
                messages = await sync_to_async(client.lrange)(self.list_name, 0, _AT_ONCE - 1)
            except RedisError as error:
                self.log.warning("The list %r in Redis cannot be read: %s", self.list_name, error)
            for message in messages:
                yield TriggerEvent(text_of(message))  # type: ignore[no-untyped-call]
            await asyncio.sleep(self.poll_seconds)
            for message in messages:
                try:
                    await sync_to_async(client.lrem)(self.list_name, 1, message)
                except RedisError as error:
                    self.log.warning("A message stays in the list %r and is given again: %s", self.list_name, error)

    def _client(self) -> Any:
        hooks = import_module("airflow.providers.redis.hooks.redis")
        return hooks.RedisHook(redis_conn_id=self.connection_id).get_conn()
