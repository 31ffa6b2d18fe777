"""Posts notices as JSON to a board of the team's own."""

from __future__ import annotations

import json
from typing import final
from urllib.request import Request, urlopen

from airmedic_core.notifiers import Notice, Notifier, NotifierOptions


class Options(NotifierOptions):
    """Where notices go."""

    url: str
    """The address that takes them."""
    timeout_seconds: float = 10.0
    """How long it may take to answer."""


@final
class Board(Notifier[Options]):
    """A board of the team's own that takes JSON."""

    options = Options

    def send(self, notice: Notice, options: Options) -> None:
        """Post the notice."""
        body = {
            "event": notice.event,
            "model": notice.model,
            "incident": notice.incident_id,
            "severity": notice.severity,
            "text": notice.text,
        }
        request = Request(  # noqa: S310  the address is the team's own
            options.url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=options.timeout_seconds) as answer:  # noqa: S310
            answer.read()
