"""Sends notices to a Slack channel, through an Airflow connection."""

from __future__ import annotations

from typing import final

from airmedic_core.notifiers import Notice, Notifier, RoutedOptions

_CONNECTION = "slack_default"


class Options(RoutedOptions):
    """Where messages go."""

    channel: str = ""
    """Channel to write to, such as ``#models``; where empty, nothing is sent."""
    connection: str = _CONNECTION
    """Airflow connection to write through; where there is none of that id, nothing is sent."""


@final
class Slack(Notifier[Options]):
    """A Slack channel, through an Airflow connection."""

    options = Options
    connections = (_CONNECTION,)

    def send(self, notice: Notice, options: Options) -> bool | None:
        """Post the notice, if the connection exists."""
        # Specs are validated where Airflow is not loaded.
        from airmedic.hooks.workspace import find_connection

        if not options.channel or find_connection(options.connection) is None:
            return False
        from airflow.providers.slack.hooks.slack import SlackHook

        message = {"channel": options.channel, "text": notice.text}
        SlackHook(slack_conn_id=options.connection).call("chat.postMessage", json=message)
        return True
