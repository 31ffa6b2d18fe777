"""Tells people, in the ways that a model spec names under ``notify``, and always in the task's log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier, Context

from airmedic_core.notifiers import Event, Notice, send_notice
from airmedic_core.spec import notify_in_full

if TYPE_CHECKING:
    from airmedic_core.records import Incident
    from airmedic_core.spec import ModelSpec


class PeopleNotifier(BaseNotifier):
    """Sends one message. A message that cannot be sent is logged and fails nothing.

    Use it as ``on_failure_callback`` of a task or a DAG.

    Parameters
    ----------
    text : str
        The message (templated), in Slack's markdown.
    model : str
        The model that it is about, if it is about one.
    notify : dict, optional
        Notifier → its options, as in a model spec.
    **short_forms
        The short forms of a spec's ``notify``, such as ``slack_channel="#models"``.
    """

    template_fields: Sequence[str] = ("text",)

    def __init__(
        self, *, text: str, model: str = "", notify: Mapping[str, Any] | None = None, **short_forms: Any
    ) -> None:
        super().__init__()
        self.text = text
        self.model = model
        self.through = notify_in_full({**(notify or {}), **short_forms})

    def notify(self, context: Context) -> None:
        """Send the message."""
        headline, *lines = self.text.splitlines() or [""]
        send_notice(Notice(Event.TASK_FAILED, self.model, headline, tuple(lines)), self.through)


def tell(
    spec: ModelSpec,
    headline: str,
    *lines: str,
    event: Event = Event.INFORMATION,
    incident: Incident | None = None,
    links: Sequence[str] = (),
) -> tuple[str, ...]:
    """Tell the people that a model spec names. The names of its private columns are blanked.

    Parameters
    ----------
    spec : ModelSpec
        Its section ``notify`` says where.
    headline : str
        The first line.
    lines : str
        More lines; empty ones are left out.
    event : Event
        What it is about.
    incident : Incident, optional
        The incident that it is about.
    links : sequence of str
        Addresses to read more at; empty ones are left out.

    Returns
    -------
    tuple of str
        The notifiers that took it; the task's log is among them.
    """
    from airmedic_core.reports.private import Privacy

    blanked = Privacy(spec).text
    notice = Notice(
        event,
        spec.name,
        blanked(headline),
        tuple(blanked(line) for line in lines if line),
        incident_id=incident.id if incident is not None else "",
        severity=incident.severity if incident is not None else None,
        state=incident.state if incident is not None else None,
        links=tuple(link for link in links if link),
    )
    return send_notice(notice, spec.notify)
