"""What people are told."""

from __future__ import annotations

import json
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest


def test_a_message_names_no_private_column(
    content: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from airmedic.people_notifier import tell
    from airmedic_core.spec import load_spec

    spec = load_spec(content / "models" / "alpha.yaml").model_copy(update={"private": ("salary",)})
    tell(spec, "35% of salary are null; salary_band is as it was.", "", "E1 names salary.")
    # Where the log goes depends on whether Airflow has set up its own logging already.
    told = caplog.text + "".join(capfd.readouterr())
    assert "35% of (private column) are null; salary_band is as it was.\nE1 names (private column)." in told


def test_a_message_that_cannot_be_sent_fails_nothing(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    from airmedic.people_notifier import PeopleNotifier

    # Nobody listens there: a real client, a real refusal.
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_TEST", "slack://:token@/?base_url=http%3A%2F%2F127.0.0.1%3A9%2F&timeout=2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the provider's
        PeopleNotifier(text="Hello", slack_channel="#models", slack_connection="slack_test").notify({})
    assert "Hello" in caplog.text
    assert "'Hello' could not be sent by the notifier slack" in caplog.text


def test_slack_is_told_through_the_connection(monkeypatch: pytest.MonkeyPatch, content: Path) -> None:
    from airmedic.people_notifier import tell
    from airmedic_core.notifiers import Event
    from airmedic_core.spec import load_spec, parse_spec

    posted: list[dict[str, Any]] = []

    class Slack(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append({"path": self.path, "token": self.headers["Authorization"], **json.loads(body)})
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"ok": true}')

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slack)
    Thread(target=server.serve_forever, daemon=True).start()
    address = quote(f"http://127.0.0.1:{server.server_port}/", safe="")
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_TEST", f"slack://:secret@/?base_url={address}&timeout=5")
    raw = load_spec(content / "models" / "alpha.yaml").model_dump(mode="json", exclude_unset=True)
    spec = parse_spec(raw | {"notify": {"slack_channel": "#models", "slack": {"connection": "slack_test"}}})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the provider's
            tell(spec, "Worse.", "By 3 %.", event=Event.INCIDENT_OPENED, links=["http://page"])
    finally:
        server.shutdown()
        server.server_close()
    assert posted == [
        {
            "path": "/chat.postMessage",
            "token": "Bearer secret",
            "channel": "#models",
            "text": "Worse.\nBy 3 %.\nhttp://page",
        }
    ]
