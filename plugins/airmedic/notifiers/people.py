"""Tells people: on Slack where the connection exists, else in the task's log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier, Context

from airmedic.hooks.workspace import find_connection

if TYPE_CHECKING:
    from airmedic_core.spec import ModelSpec

log = logging.getLogger(__name__)

_MOST_CHARACTERS = 3000


class PeopleNotifier(BaseNotifier):
    """Sends one message. A message that cannot be sent is logged and fails nothing.

    Use it as ``on_failure_callback`` of a task or a DAG.

    Parameters
    ----------
    text : str
        The message (templated), in Slack's markdown.
    slack_channel, slack_connection : str
        Where to. Where one is empty or the connection does not exist, the message goes to the log.
    """

    template_fields: Sequence[str] = ("text",)

    def __init__(self, *, text: str, slack_channel: str = "", slack_connection: str = "") -> None:
        super().__init__()
        self.text = text
        self.slack_channel = slack_channel
        self.slack_connection = slack_connection

    def notify(self, context: Context) -> None:
        """Send the message."""
        send(self.text, slack_channel=self.slack_channel, slack_connection=self.slack_connection)


def tell(spec: ModelSpec, headline: str, *lines: str) -> None:
    """Tell the people that a model spec names. The names of its private columns are blanked.

    Parameters
    ----------
    spec : ModelSpec
        Its section ``notify`` says where.
    headline : str
        The first line.
    lines : str
        More lines; empty ones are left out.
    """
    from airmedic_core.reports.private import Privacy

    text = Privacy(spec).text("\n".join([headline, *(line for line in lines if line)]))
    send(text, slack_channel=spec.notify.slack_channel, slack_connection=spec.notify.slack_connection)


def send(text: str, *, slack_channel: str, slack_connection: str) -> None:
    """Send a message to Slack if the connection exists, and to the log in any case. Never raises."""
    text = text[:_MOST_CHARACTERS]
    log.warning("%s", text)
    if not slack_channel:
        return
    try:
        if find_connection(slack_connection) is None:
            return
        from airflow.providers.slack.hooks.slack import SlackHook

        message = {"channel": slack_channel, "text": text}
        SlackHook(slack_conn_id=slack_connection).call("chat.postMessage", json=message)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong with a message, the work goes on
        log.warning("The message could not be sent to Slack channel %s: %s", slack_channel, error)
