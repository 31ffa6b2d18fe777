"""Watches for the file of the next window."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from airmedic.watchers.contract import Watcher
from airmedic_core.errors import SpecError
from airmedic_core.reading.places import check_names, has_placeholder
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger


@final
class Files(Watcher):
    """Files of ``data.path``, whose names hold the window; local, or in any storage that rows are read from."""

    def check(self, spec: ModelSpec, place: str) -> None:
        """Check that each window has files of its own, whose names hold it. Raises as that of all watchers does."""
        super().check(spec, place)
        if spec.data.source != "file" or not has_placeholder(spec.data.path):
            raise SpecError(
                "schedule watch:files needs a data.path with a file for each window.",
                "Write the window into it, such as rows-{window_start:%Y-%m-%d}.csv.",
            )
        check_names(spec)

    def trigger(self, spec: ModelSpec, place: str, connection: str) -> BaseEventTrigger:
        """Return a trigger that looks for files every half minute."""
        from airmedic.triggers.landed_files import LandedFilesTrigger

        return LandedFilesTrigger(model=spec.name, path=spec.data.path)
