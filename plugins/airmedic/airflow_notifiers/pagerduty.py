"""Opens and resolves alerts in PagerDuty, by its Events API."""

from __future__ import annotations

import json
from typing import final

from airmedic_core.notifiers import Event, Notice, Notifier, RoutedOptions
from airmedic_core.records import Json, Severity

_CONNECTION = "pagerduty_events_default"
_ADDRESS = "https://events.pagerduty.com"
_LONGEST_SUMMARY = 1024
"""Characters that the API takes."""
_PAGES = frozenset({
    Event.INCIDENT_OPENED, Event.APPROVAL_OVERDUE, Event.ESCALATED, Event.DEPLOYMENT_UNDONE, Event.TASK_FAILED,
})  # fmt: skip
"""The events that somebody is called for. The rest is told elsewhere."""
_SEVERITIES = {Severity.LOW: "info", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "critical"}


class Options(RoutedOptions):
    """Whom it calls."""

    connection: str = _CONNECTION
    """Airflow connection whose password is the integration key of a PagerDuty service."""


@final
class Pagerduty(Notifier[Options]):
    """A PagerDuty service. All alerts of an incident are one, which is resolved when the incident is closed."""

    options = Options
    connections = (_CONNECTION,)

    def preview(self, notice: Notice, options: Options) -> str:
        """Return the alert, or that nobody is called."""
        if not _calls(notice):
            return f"Nobody is called for {notice.event}."
        return json.dumps(_alert(notice), indent=2, ensure_ascii=False)

    def send(self, notice: Notice, options: Options) -> bool | None:
        """Trigger or resolve an alert; what calls for nobody is passed over."""
        from airmedic.hooks.web_service import WebService

        if not _calls(notice):
            return False
        service = WebService(options.connection, _ADDRESS)
        service.ask("POST", "/v2/enqueue", body={"routing_key": service.password, **_alert(notice)})
        return True


def _calls(notice: Notice) -> bool:
    return notice.is_over or notice.event in _PAGES


def _alert(notice: Notice) -> Json:
    event: Json = {
        "event_action": "resolve" if notice.is_over else "trigger",
        "dedup_key": notice.incident_id or f"airmedic/{notice.model}/{notice.event}",
    }
    if not notice.is_over:
        event["payload"] = {
            "summary": notice.headline[:_LONGEST_SUMMARY],
            "source": notice.model or "airmedic",
            "severity": _SEVERITIES[notice.severity or Severity.MEDIUM],
            "component": notice.model,
            "class": notice.event,
            "custom_details": {"text": notice.text},
        }
        event["links"] = [{"href": link, "text": link} for link in notice.links]
    return event
