"""A trigger of a provider, by name: DAG files are read all the time, and the providers take seconds to import."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent


class ProvidedTrigger(BaseEventTrigger):
    """Stands for a trigger of a provider until Airflow's triggerer makes it.

    Parameters
    ----------
    class_path : str
        The trigger's class.
    **arguments
        What it is given.
    """

    def __init__(self, class_path: str, **arguments: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.class_path = class_path
        self.arguments = arguments

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the provider's trigger: that is what is kept and run."""
        return self.class_path, self.arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Run it, where this one is run itself."""
        module, _, name = self.class_path.rpartition(".")
        async for event in getattr(import_module(module), name)(**self.arguments).run():
            yield event
