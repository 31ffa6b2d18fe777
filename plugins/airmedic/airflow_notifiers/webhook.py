"""Posts notices as JSON to an address of the team's own, through an Airflow connection."""

from __future__ import annotations

import json
from typing import final

from airmedic_core.notifiers import Notice, Notifier, RoutedOptions
from airmedic_core.records import Json

_CONNECTION = "airmedic_webhook"


class Options(RoutedOptions):
    """Says where notices go."""

    connection: str = _CONNECTION
    """Airflow connection with the address; login and password, if it has them, are sent as basic authentication."""
    path: str = ""
    """Says what comes after the connection's host, such as ``/hooks/models``."""


@final
class Webhook(Notifier[Options]):
    """An address that takes JSON.

    Its keys are ``event``, ``model``, ``incident``, ``severity``, ``state``, ``headline``, ``lines``, ``links``,
    ``text``, which is all of it as plain text, and ``key``: where it is not empty, it stays the same should the notice
    come twice, and is the header ``Idempotency-Key`` as well.
    """

    options = Options
    connections = (_CONNECTION,)

    def preview(self, notice: Notice, options: Options) -> str:
        """Return what is posted."""
        return json.dumps(_body(notice), indent=2, ensure_ascii=False)

    def send(self, notice: Notice, options: Options) -> None:
        """Post the notice."""
        from airmedic.hooks.web_service import WebService

        service = WebService(options.connection)
        headers = {"Idempotency-Key": notice.key} if notice.key else {}
        service.ask("POST", options.path, body=_body(notice), headers=headers, basic=bool(service.login))


def _body(notice: Notice) -> Json:
    return {
        "event": notice.event,
        "model": notice.model,
        "incident": notice.incident_id,
        "severity": notice.severity,
        "state": notice.state,
        "headline": notice.headline,
        "lines": list(notice.lines),
        "links": list(notice.links),
        "text": notice.text,
        "key": notice.key,
    }
