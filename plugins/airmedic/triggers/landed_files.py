"""Notices that the file of a window has landed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from airmedic_core.errors import AirmedicError
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.monitor.landing import Landing

POLL_SECONDS = 30.0
"""Between two looks at the storage. A file that is the same in two of them is taken to be whole."""


class LandedFilesTrigger(BaseEventTrigger):
    """Gives an event for each window whose files have landed, or were written anew.

    When it starts, windows that are on record count as known, and so do those before them; of a model that was never
    monitored all but the newest do.

    Parameters
    ----------
    model : str
        Name of the model spec.
    path : str
        Its ``data.path``: where that changes, another trigger takes over.
    poll_seconds : float
        Between two looks at the storage.
    """

    def __init__(self, *, model: str, path: str, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.model = model
        self.path = path
        self.poll_seconds = poll_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what makes it again."""
        kwargs = {"model": self.model, "path": self.path, "poll_seconds": self.poll_seconds}
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the storage until the triggerer ends."""
        landing = None
        while True:
            windows: list[Window] = []
            try:
                landing = landing or await sync_to_async(self._landing)()
                windows = await sync_to_async(landing.look)()
            except AirmedicError as error:
                self.log.warning("The files of %s cannot be looked for: %s", self.model, error)
            for window in windows:
                yield TriggerEvent({"key": window.key})  # type: ignore[no-untyped-call]
            await asyncio.sleep(self.poll_seconds)

    def _landing(self) -> Landing:
        from airmedic.hooks.workspace import open_workspace
        from airmedic_core.monitor.landing import Landing

        ws = open_workspace(self.model)
        return Landing(ws.spec, ws.ledger)
