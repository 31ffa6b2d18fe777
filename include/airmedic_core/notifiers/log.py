"""Writes notices to the log of the task, where they are always found."""

from __future__ import annotations

import logging
from typing import final

from airmedic_core.notifiers.contract import Notice, Notifier, NotifierOptions

_log = logging.getLogger(__name__)


class Options(NotifierOptions):
    """The log has no options."""


@final
class Log(Notifier[Options]):
    """The log of the task. Every notice goes there, whatever else the spec names."""

    options = Options
    always = True

    def send(self, notice: Notice, options: Options) -> None:
        """Write the notice as a warning, which Airflow shows in any log level but the highest."""
        _log.warning("%s", notice.text)
