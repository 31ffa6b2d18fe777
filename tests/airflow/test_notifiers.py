"""What each service is told, as it arrives there."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from email import message_from_string, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event as Event_
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from airmedic_core.errors import NoticeError
from airmedic_core.notifiers import NOTIFIERS, Event, Notice, options_for, send_notice
from airmedic_core.records import IncidentState, Severity

OPENED = Notice(
    Event.INCIDENT_OPENED,
    "renewals",
    "high incident of renewals: <b>AUC</b> fell",
    ("First <script>line</script> for @everybody", "Second line"),
    incident_id="renewals__20260215__f1",
    severity=Severity.HIGH,
    state=IncidentState.OPEN,
    links=("https://mlflow.example/runs/1?a=1&b=2",),
)
WANTED = replace(OPENED, event=Event.APPROVAL_WANTED, headline="Retrain renewals?", lines=("AUC 0.61 → 0.78",))
RESOLVED = replace(OPENED, event=Event.INCIDENT_CLOSED, headline="It is resolved.", state=IncidentState.RESOLVED)
GITHUB = {"repository": "acme/models"}
ESCALATED = replace(RESOLVED, state=IncidentState.ESCALATED)


class Service(ThreadingHTTPServer):
    """Keeps what is asked of it, and answers from what it keeps."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self.issues: list[dict[str, Any]] = []
        self.status = 200

    def answer(self, method: str, path: str, body: Any) -> Any:
        """Behave as GitHub does with the issues of one repository; anything else is only taken."""
        url = urlsplit(path)
        if url.path.endswith("/comments"):
            comments = self.issues[int(url.path.split("/")[-2]) - 1].setdefault("comments", [])
            if method == "GET":
                return comments
            comments.append(body)
            return body
        if method == "GET" and not url.path.endswith("/issues"):
            issue = self.issues[int(url.path.rpartition("/")[2]) - 1]
            return {**issue, "html_url": f"https://github.example/{issue['number']}"}
        if method == "GET":
            asked = parse_qs(url.query)
            known = [issue for issue in self.issues if asked["state"][0] in {issue["state"], "all"}]
            size, page = int(asked["per_page"][0]), int(asked["page"][0])
            return known[(page - 1) * size : page * size]
        if method == "POST" and url.path.endswith("/issues"):
            self.issues.append({**body, "number": len(self.issues) + 1, "state": "open"})
            return self.issues[-1]
        if method == "PATCH":
            self.issues[int(url.path.rpartition("/")[2]) - 1].update(body)
        return {"status": "success"}


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, body, dict(self.headers)))
        answer = json.dumps(self.server.answer(self.command, self.path, body)).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = _take  # noqa: N815  the names that the server looks for

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    server = Service()
    Thread(target=server.serve_forever, daemon=True).start()
    connection = {
        "conn_type": "http",
        "host": "127.0.0.1",
        "port": server.server_port,
        "password": "a-secret",
        "extra": {"headers": {"X-Team": "risk"}},
    }
    monkeypatch.setenv("AIRFLOW_CONN_THE_SERVICE", json.dumps(connection))
    yield server
    server.shutdown()
    server.server_close()


def send(name: str, notice: Notice, **options: Any) -> None:
    NOTIFIERS.member(name).send(notice, options_for(name, {"connection": "the_service", **options}))


def test_a_webhook_gets_all_of_a_notice(service: Service) -> None:
    send("webhook", OPENED, path="/hooks/models")
    ((method, path, body, headers),) = service.asked
    assert (method, path, headers["X-Team"]) == ("POST", "/hooks/models", "risk")
    assert "Authorization" not in headers
    assert body == {
        "event": "incident_opened",
        "model": "renewals",
        "incident": "renewals__20260215__f1",
        "severity": "high",
        "state": "open",
        "headline": OPENED.headline,
        "lines": list(OPENED.lines),
        "links": list(OPENED.links),
        "text": OPENED.text,
        "key": "",
    }
    assert "Idempotency-Key" not in headers
    send("webhook", replace(OPENED, key="a" * 64))
    assert service.asked[1][2]["key"] == service.asked[1][3]["Idempotency-Key"] == "a" * 64


def test_login_and_password_are_sent_where_the_connection_has_both(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_THE_SERVICE", f"http://anna:word@127.0.0.1:{service.server_port}")
    send("webhook", OPENED)
    # base64 of "anna:word", by hand.
    assert service.asked[0][3]["Authorization"] == "Basic YW5uYTp3b3Jk"


@pytest.mark.parametrize(
    "connection",
    [
        {"conn_type": "http", "host": "127.0.0.1", "schema": "http"},
        {"conn_type": "generic", "host": "http://127.0.0.1", "schema": "below"},
        {"conn_type": "http", "host": "http://127.0.0.1/", "schema": "below"},
    ],
)
def test_the_address_may_be_written_in_one_field_or_in_several(
    service: Service, monkeypatch: pytest.MonkeyPatch, connection: dict[str, str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_THE_SERVICE", json.dumps({**connection, "port": service.server_port}))
    send("webhook", OPENED, path="/here")
    assert service.asked[0][1] == ("/below/here" if connection["schema"] == "below" else "/here")


def test_an_incident_is_one_alert_that_is_resolved_with_it(service: Service) -> None:
    for notice in (OPENED, WANTED, ESCALATED, RESOLVED):
        send("pagerduty", notice)
    first, last = (body for _, _, body, _ in service.asked)
    assert {path for _, path, _, _ in service.asked} == {"/v2/enqueue"}
    assert (first["event_action"], last["event_action"]) == ("trigger", "resolve")
    assert first["routing_key"] == last["routing_key"] == "a-secret"
    assert first["dedup_key"] == last["dedup_key"] == "renewals__20260215__f1"
    assert (first["payload"]["severity"], first["payload"]["source"]) == ("error", "renewals")
    assert first["payload"]["summary"] == OPENED.headline
    assert "payload" not in last


def test_an_incident_is_one_issue_from_its_opening_to_its_end(service: Service) -> None:
    for notice in (replace(OPENED, incident_id="renewals__20260215__f10"), OPENED, WANTED, RESOLVED):
        send("github", notice, repository="acme/models")
    other, issue = service.issues
    assert (other["state"], issue["state"], issue["labels"]) == ("open", "closed", ["airmedic"])
    assert issue["title"] == OPENED.headline
    # GitHub renders Markdown with tags in it: a column called like one, or like a person, is only text.
    assert "First &#60;script&#62;line&#60;/script&#62; for &#64;everybody" in issue["body"]
    assert "<!-- airmedic incident renewals__20260215__f1 -->" in issue["body"]
    posted = [(path, body) for method, path, body, _ in service.asked if path.endswith("/comments")]
    assert [path for path, _ in posted] == ["/repos/acme/models/issues/2/comments"] * 2
    assert "Retrain renewals?" in posted[0][1]["body"]
    assert all(headers["Authorization"] == "Bearer a-secret" for *_, headers in service.asked)


def test_a_column_that_is_called_like_a_link_is_none_and_a_long_text_still_fits(service: Service) -> None:
    hostile = "![t](https://evil.example/b.png) [Approve](https://evil.example)\n# Approved\n```"
    send("github", replace(OPENED, lines=(hostile, *["x" * 80_000] * 5)), repository="acme/models")
    body = service.issues[0]["body"]
    assert "](" not in body
    assert "\n#" not in body
    assert "```" not in body
    assert len(body) < 65_536


def test_a_service_that_drips_or_never_ends_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    import airmedic.hooks.web_service as module

    monkeypatch.setattr(module, "_SECONDS", 0.5)
    monkeypatch.setattr(module, "_MOST_BYTES", 10_000)
    ends = Event_()

    def drip(handler: _Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not ends.wait(0.1):
            handler.wfile.write(b"a")
            handler.wfile.flush()

    def flood(handler: _Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            while not ends.is_set():
                handler.wfile.write(b"a" * 10_000)

    for answer, told in ((drip, "does not answer \\(TimeoutError\\)"), (flood, "")):
        monkeypatch.setattr(_Handler, "do_POST", answer)
        if told:
            with pytest.raises(NoticeError, match=told):
                send("webhook", OPENED)
        else:
            # What came is no JSON, and the notice has arrived.
            send("webhook", OPENED)
    ends.set()


def test_an_issue_is_found_among_more_than_a_page_of_others(service: Service) -> None:
    service.issues = [{"number": n + 1, "state": "open", "body": "", "title": str(n)} for n in range(130)]
    service.issues[129]["body"] = "<!-- airmedic incident renewals__20260215__f1 -->"
    send("github", RESOLVED, repository="acme/models")
    assert len(service.issues) == 130
    assert service.issues[129]["state"] == "closed"


def test_the_ticket_of_an_incident_is_opened_once_and_known_by_its_address(service: Service) -> None:
    github, options = NOTIFIERS.member("github"), {"connection": "the_service", "repository": "acme/models"}
    tickets = [github.open_ticket(OPENED, options_for("github", options)) for _ in range(2)]
    assert [str(ticket) for ticket in tickets] == ["acme/models#1: https://github.example/1"] * 2
    assert len(service.issues) == 1
    send("github", RESOLVED, repository="acme/models")
    assert service.issues[0]["state"] == "closed"


def test_github_says_whether_a_message_has_arrived(service: Service) -> None:
    github, options = NOTIFIERS.member("github"), options_for("github", {**GITHUB, "connection": "the_service"})
    first, second = replace(OPENED, key="a" * 64), replace(WANTED, key="b" * 64)
    assert not github.has_sent(first, options)
    # The first opens the issue, and the second is a comment.
    send("github", first, **GITHUB)
    assert github.has_sent(first, options)
    assert not github.has_sent(second, options)
    send("github", second, **GITHUB)
    send("github", RESOLVED, **GITHUB)
    assert service.issues[0]["state"] == "closed"
    assert github.has_sent(first, options)
    assert github.has_sent(second, options)
    assert not github.has_sent(replace(first, key="c" * 64), options)
    assert not github.has_sent(replace(first, incident_id="another"), options)


@pytest.mark.parametrize("name", ["webhook", "pagerduty", "slack", "email"])
def test_a_service_that_cannot_be_asked_is_not(service: Service, name: str) -> None:
    options = options_for(
        name, {"connection": "the_service"} | ({"to": ["anna@example.org"]} if name == "email" else {})
    )
    assert NOTIFIERS.member(name).has_sent(replace(OPENED, key="a" * 64), options) is None
    assert service.asked == []


def test_a_notifier_without_tickets_says_so(service: Service) -> None:
    webhook = NOTIFIERS.member("webhook")
    assert not webhook.opens_tickets
    with pytest.raises(NoticeError, match="keeps no tickets"):
        webhook.open_ticket(OPENED, options_for("webhook", {"connection": "the_service"}))
    assert service.asked == []


def test_what_is_about_no_incident_opens_no_issue(service: Service) -> None:
    send("github", Notice(Event.REVIEWED, "renewals", "Reviewed."), repository="acme/models")
    assert service.asked == []


@pytest.mark.parametrize("name", ["webhook", "pagerduty", "github"])
def test_a_refusal_is_told_without_address_or_secret(service: Service, name: str) -> None:
    service.status = 503
    with pytest.raises(NoticeError, match="'the_service' answered 503") as refused:
        send(name, OPENED, **({"repository": "acme/models"} if name == "github" else {}))
    assert "a-secret" not in str(refused.value)
    assert str(service.server_port) not in str(refused.value)


def test_a_service_that_is_not_there_fails_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Nobody listens on port 9: a real client, a real refusal.
    monkeypatch.setenv("AIRFLOW_CONN_THE_SERVICE", "http://127.0.0.1:9/token-in-the-path")
    told = send_notice(OPENED, {"webhook": {"connection": "the_service"}, "pagerduty": {"connection": "not_there"}})
    assert told == ("log",)
    assert "does not answer (ConnectError)" in caplog.text
    assert "There is no Airflow connection 'not_there'" in caplog.text
    assert "token-in-the-path" not in caplog.text


def test_a_repository_is_owner_and_name() -> None:
    with pytest.raises(Exception, match="repository"):
        options_for("github", {"repository": "../../user"})


@contextmanager
def mailbox() -> Iterator[tuple[int, list[str]]]:
    """Take mail as a server does (RFC 5321), and keep it."""
    taken: list[str] = []

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "DATA":
                    self._say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                    taken.append("".join(lines))
                self._say("221 bye" if verb == "QUIT" else "250 ok")
                if verb == "QUIT":
                    break

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], taken
        server.shutdown()


def test_mail_of_an_incident_is_one_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as (port, taken):
        extra = quote(json.dumps({"from_email": "airmedic@example.org", "disable_ssl": True, "disable_tls": True}))
        monkeypatch.setenv("AIRFLOW_CONN_THE_SERVICE", f"smtp://127.0.0.1:{port}/?__extra__={extra}")
        send("email", replace(OPENED, headline="It fell\r\nBcc: all@example.org"), to=["anna@example.org"])
        send("email", replace(RESOLVED, key="a" * 64), to=["anna@example.org"])
    first, second = (message_from_string(text, policy=policy.default) for text in taken)
    assert first["Subject"] == "It fell Bcc: all@example.org"
    assert (first["To"], first["Bcc"], first["From"]) == ("anna@example.org", None, "airmedic@example.org")
    assert (first["Message-ID"], second["Message-ID"]) == (None, f"<{'a' * 64}@airmedic>")
    assert first["References"] == second["References"] == "<renewals__20260215__f1@airmedic>"
    body = first.get_body(("html",)).get_content()
    assert "First &lt;script&gt;line&lt;/script&gt;" in body
    assert 'href="https://mlflow.example/runs/1?a=1&amp;b=2"' in body
