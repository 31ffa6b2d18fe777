"""What Slack is told, as it arrives there: a server on loopback keeps channels as Slack does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from slack_sdk.models.blocks import Block

from airmedic_core.notifiers import NOTIFIERS, Event, Notice, options_for
from airmedic_core.records import IncidentState, Severity

OPENED = Notice(
    Event.INCIDENT_OPENED,
    "renewals",
    "renewals: <!channel> fell",
    ("First <https://evil.example|line> for @everybody", "Second line"),
    incident_id="renewals__20260215__f1",
    severity=Severity.HIGH,
    state=IncidentState.OPEN,
    links=("https://airflow.example/dags/a/runs/x>y|z?a=1&b=2",),
)
WANTED = replace(OPENED, event=Event.APPROVAL_WANTED, headline="Retrain renewals?")
RESOLVED = replace(OPENED, event=Event.INCIDENT_CLOSED, headline="It is resolved.", state=IncidentState.RESOLVED)
OTHER = replace(OPENED, incident_id="renewals__20260216__f2")

pytestmark = pytest.mark.filterwarnings("ignore::airflow.exceptions.AirflowProviderDeprecationWarning")


class Slack(ThreadingHTTPServer):
    """One channel, ``#models``, whose messages can be read a page at a time."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.messages: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.authorization = ""
        self.may_read = True
        self.page = 200

    def answer(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(method)
        if method == "chat.postMessage":
            assert asked["channel"] in {"#models", "C0123456789"}
            for block in Block.parse_all(asked["blocks"]):
                block.validate_json()
            # Slack refuses a message with a longer header or context, which its SDK does not look at everywhere.
            assert len(asked["blocks"][0]["text"]["text"]) <= 150
            assert len(asked["blocks"][-1]["elements"]) <= 10
            self.messages.append({**asked, "ts": f"17{len(self.messages):08}.000100"})
            return {"ok": True, "ts": self.messages[-1]["ts"], "channel": "C0123456789"}
        if not self.may_read:
            return {"ok": False, "error": "missing_scope", "needed": "channels:history"}
        if method == "conversations.list":
            return {"ok": True, "channels": [{"name": "models", "id": "C0123456789"}]}
        assert (method, asked["channel"]) == ("conversations.history", "C0123456789")
        first = int(asked.get("cursor") or 0)
        newest = [m for m in reversed(self.messages) if "thread_ts" not in m or m.get("reply_broadcast")]
        shown = newest[first : first + self.page]
        if asked.get("include_all_metadata") != "true":
            shown = [{key: value for key, value in m.items() if key != "metadata"} for m in shown]
        more = str(first + self.page) if first + self.page < len(newest) else ""
        return {"ok": True, "messages": shown, "response_metadata": {"next_cursor": more}}


class _Handler(BaseHTTPRequestHandler):
    server: Slack

    def _take(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("Content-Type", "").startswith("application/json"):
            asked = json.loads(body)
        else:
            form = url.query or body.decode()
            asked = {name: values[-1] for name, values in parse_qs(form).items()}
        self.server.authorization = self.headers["Authorization"]
        answer = json.dumps(self.server.answer(url.path.strip("/"), asked)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _take  # noqa: N815  the names that the server looks for

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    server = Slack()
    Thread(target=server.serve_forever, daemon=True).start()
    address = quote(f"http://127.0.0.1:{server.server_port}/", safe="")
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_TEST", f"slack://:secret@/?base_url={address}&timeout=5")
    yield server
    server.shutdown()
    server.server_close()


def send(notice: Notice, channel: str = "#models", **options: Any) -> bool | None:
    member = NOTIFIERS.member("slack")
    return member.send(notice, options_for("slack", {"connection": "slack_test", "channel": channel, **options}))


@pytest.mark.parametrize("channel", ["#models", "C0123456789"])
def test_an_incident_is_a_thread_whose_end_stands_in_the_channel_too(slack: Slack, channel: str) -> None:
    slack.page = 1  # its first message is not on the first page
    for notice in (OPENED, OTHER, WANTED, RESOLVED):
        send(notice, channel)
    opened, other, wanted, resolved = slack.messages
    assert slack.authorization == "Bearer secret"
    assert "thread_ts" not in opened
    assert "thread_ts" not in other
    assert (wanted["thread_ts"], wanted["reply_broadcast"]) == (opened["ts"], False)
    assert (resolved["thread_ts"], resolved["reply_broadcast"]) == (opened["ts"], True)
    # What comes after the end belongs to the thread as well, though the message that is found first is its end.
    send(WANTED, channel)
    assert slack.messages[-1]["thread_ts"] == opened["ts"]


def test_nothing_in_a_message_is_a_mention_or_a_link_but_the_links(slack: Slack) -> None:
    send(OPENED)
    (message,) = slack.messages
    header, section, context = message["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "renewals: <!channel> fell", "emoji": False}
    assert section["text"]["type"] == "plain_text"
    assert section["text"]["text"].endswith("for @everybody\nSecond line")
    about, link = context["elements"]
    assert about["text"] == "renewals · high · incident renewals__20260215__f1"
    assert link["text"] == "<https://airflow.example/dags/a/runs/x%3Ey%7Cz?a=1&amp;b=2>"
    assert message["text"].startswith("renewals: &lt;!channel&gt; fell\n")


def test_a_token_that_may_not_read_begins_no_threads_and_loses_no_message(slack: Slack) -> None:
    slack.may_read = False
    for notice in (OPENED, WANTED):
        assert send(notice)
    assert [message.get("thread_ts") for message in slack.messages] == [None, None]
    send(OPENED, threads=False)
    assert slack.asked[-1] == "chat.postMessage"
    assert slack.asked.count("conversations.list") == 2


def test_what_is_too_long_for_slack_is_shortened_and_said_in_full_below(slack: Slack) -> None:
    send(replace(OPENED, headline="h" * 400, lines=("l" * 5_000,), links=("https://a.example",) * 30))
    header, section, _ = slack.messages[0]["blocks"]
    assert header["text"]["text"] == "h" * 149 + "…"
    assert section["text"]["text"].startswith("h" * 400 + "\nlll")
    assert len(section["text"]["text"]) == 3_000


def test_nothing_is_sent_where_no_channel_or_connection_is_named(slack: Slack) -> None:
    assert send(OPENED, channel="") is False
    assert send(OPENED, connection="no_such_connection") is False
    assert slack.asked == []


def test_a_notice_about_no_incident_stands_alone(slack: Slack, content: Path) -> None:
    from airmedic.people_notifier import tell
    from airmedic_core.spec import load_spec, parse_spec

    raw = load_spec(content / "models" / "alpha.yaml").model_dump(mode="json", exclude_unset=True)
    spec = parse_spec(raw | {"notify": {"slack_channel": "#models", "slack": {"connection": "slack_test"}}})
    tell(spec, "Worse.", "By 3 %.", event=Event.INFORMATION, links=["http://page"])
    (message,) = slack.messages
    assert message["text"] == "Worse.\nBy 3 %.\nhttp://page"
    assert slack.asked == ["chat.postMessage"]
    assert "metadata" not in message
