"""Sends notices to a Slack channel, through an Airflow connection: one thread for each incident."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, final
from urllib.parse import quote

from airmedic_core.notifiers import Notice, Notifier, RoutedOptions
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airflow.providers.slack.hooks.slack import SlackHook

_CONNECTION = "slack_default"
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{8,}")
_LONGEST_HEADER = 150
_LONGEST_SECTION = 3_000
"""Characters that Slack takes in a header and in a section; a longer one is refused with the whole message."""
_MOST_LINKS = 9
"""A context holds ten elements, of which one says what the notice is about."""
_A_PAGE, _MOST_PAGES = 200, 5
"""Messages that are asked for at once, and how often, to find the thread of an incident."""
_EVENT_TYPE = "airmedic_incident"
"""Name of the metadata by which the first message of an incident is found again."""

_log = logging.getLogger(__name__)


class Options(RoutedOptions):
    """Says where messages go."""

    channel: str = ""
    """Channel to write to, such as ``#models`` or ``C0123456789``; where empty, nothing is sent."""
    connection: str = _CONNECTION
    """Airflow connection to write through; where there is none of that id, nothing is sent."""
    threads: bool = True
    """Says whether what follows on an incident answers its first message. The token needs ``channels:history`` for it
    (``groups:history`` in a private channel), and ``channels:read`` where the channel is named, not its id."""


@final
class Slack(Notifier[Options]):
    """A Slack channel, through an Airflow connection.

    The first notice about an incident begins a thread, and all others answer it. Its end stands in the channel as well.
    """

    options = Options
    connections = (_CONNECTION,)

    def preview(self, notice: Notice, options: Options) -> str:
        """Return the message as it is read."""
        return "\n".join([options.channel or "No channel is named.", notice.text, _about(notice)])

    def send(self, notice: Notice, options: Options) -> bool | None:
        """Post the notice, if the connection exists."""
        # Specs are validated where Airflow is not loaded.
        from airmedic.hooks.workspace import find_connection

        if not options.channel or find_connection(options.connection) is None:
            return False
        from airflow.providers.slack.hooks.slack import SlackHook

        hook = SlackHook(slack_conn_id=options.connection)
        message: Json = {"channel": options.channel, "text": _escaped(notice.text), "blocks": _blocks(notice)}
        if notice.incident_id:
            message["metadata"] = {"event_type": _EVENT_TYPE, "event_payload": {"incident": notice.incident_id}}
            if options.threads and (thread := _thread_of(notice.incident_id, hook, options.channel)):
                message |= {"thread_ts": thread, "reply_broadcast": notice.is_over}
        hook.call("chat.postMessage", json=message)
        return True


def _thread_of(incident_id: str, hook: SlackHook, channel: str) -> str | None:
    """Return the thread of an incident; None where there is none, or the token may not look for it."""
    try:
        known = _CHANNEL_ID.fullmatch(channel) is not None
        asked = {"channel": channel if known else hook.get_channel_id(channel.removeprefix("#"))}
        asked |= {"include_all_metadata": "true", "limit": str(_A_PAGE)}
        for _ in range(_MOST_PAGES):
            answer = hook.call("conversations.history", http_verb="GET", params=asked)
            for message in answer.get("messages") or ():
                metadata = message.get("metadata") or {}
                if (metadata.get("event_payload") or {}).get("incident") == incident_id:
                    return str(message.get("thread_ts") or message["ts"])
            following = (answer.get("response_metadata") or {}).get("next_cursor")
            if not following:
                break
            asked["cursor"] = following
    except Exception as error:  # noqa: BLE001  a thread that is not found must not cost the message
        _log.info("The thread of incident %s is not looked for, and a new one begins: %s", incident_id, error)
    return None


def _blocks(notice: Notice) -> list[Json]:
    """Return the message as blocks. Plain text everywhere, so that no column is a mention or a link."""
    blocks: list[Json] = [{"type": "header", "text": _plain(notice.headline, _LONGEST_HEADER)}]
    lines = list(notice.lines)
    if len(notice.headline) > _LONGEST_HEADER:
        lines.insert(0, notice.headline)
    if lines:
        blocks.append({"type": "section", "text": _plain("\n".join(lines), _LONGEST_SECTION)})
    elements: list[Json] = [_plain(_about(notice), _LONGEST_SECTION)]
    # Neither | nor > may stand in an address between < and >.
    addresses = [quote(link, safe=":/?#[]@!$&'()*+,;=%~") for link in notice.links[:_MOST_LINKS]]
    elements += [{"type": "mrkdwn", "text": f"<{_escaped(address)}>"} for address in addresses]
    return [*blocks, {"type": "context", "elements": elements}]


def _about(notice: Notice) -> str:
    severity = str(notice.severity) if notice.severity is not None else ""
    incident = f"incident {notice.incident_id}" if notice.incident_id else ""
    return " · ".join(part for part in (notice.model or "Airmedic", severity, incident) if part)


def _plain(text: str, longest: int) -> Json:
    shown = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return {"type": "plain_text", "text": shown, "emoji": False}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
