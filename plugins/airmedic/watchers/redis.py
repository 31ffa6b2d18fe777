"""Watches a list in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from airmedic.watchers.contract import Watcher
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger


@final
class Redis(Watcher):
    """A list in Redis. A message stays in it until Airflow has taken it over."""

    place = "list"
    extra = "redis"
    modules = ("airflow.providers.redis",)

    def trigger(self, spec: ModelSpec, place: str, connection: str) -> BaseEventTrigger:
        """Return a trigger of our own: the provider's listens to channels, which lose what nobody hears."""
        from airmedic.triggers.redis_list import RedisListTrigger

        return RedisListTrigger(list_name=place, connection_id=connection or "redis_default")
