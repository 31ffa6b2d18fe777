"""What Jira is told, as it arrives there: a server on loopback keeps the issues of one project."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airmedic_core.errors import NoticeError, SpecError
from airmedic_core.notifiers import NOTIFIERS, Event, Notice, options_for
from airmedic_core.records import IncidentState, Severity

OPENED = Notice(
    Event.INCIDENT_OPENED,
    "renewals",
    "renewals: AUC fell",
    ("First {noformat} [line|https://evil.example] !a.png! for [~everybody]", "Second line"),
    incident_id="renewals__20260215__f1",
    severity=Severity.HIGH,
    state=IncidentState.OPEN,
    links=("https://airflow.example/runs/x|y]z?a=1&b=2",),
)
WANTED = replace(OPENED, event=Event.APPROVAL_WANTED, headline="Retrain renewals?")
RESOLVED = replace(OPENED, event=Event.INCIDENT_CLOSED, headline="It is resolved.", state=IncidentState.RESOLVED)
JQL = re.compile(r'project = "ML" AND labels = "([\w.-]+)"( AND statusCategory != Done)? ORDER BY created ASC')


class Jira(ThreadingHTTPServer):
    """The issues of the project ``ML``, whose workflow leads over *In review* to *Closed*."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issues: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.transitions = [
            {"id": "21", "to": {"statusCategory": {"key": "indeterminate"}}},
            {"id": "31", "to": {"statusCategory": {"key": "done"}}},
        ]

    def answer(self, method: str, path: str, body: Any) -> Any:
        url = urlsplit(path)
        if url.path in {"/rest/api/2/search/jql", "/rest/api/2/search"}:
            asked = JQL.fullmatch(parse_qs(url.query)["jql"][0])
            assert asked is not None
            return {
                "issues": [
                    {"key": key}
                    for key, issue in self.issues.items()
                    if asked[1] in issue["labels"] and not (asked[2] and issue["done"])
                ]
            }
        if (method, url.path) == ("POST", "/rest/api/2/issue"):
            key = f"ML-{len(self.issues) + 1}"
            self.issues[key] = {**body["fields"], "comments": [], "done": False}
            return {"key": key}
        key, _, what = url.path.removeprefix("/rest/api/2/issue/").partition("/")
        if (method, what) == ("GET", ""):
            return {"fields": {"description": self.issues[key]["description"]}}
        if (method, what) == ("GET", "comment"):
            return {"comments": [{"body": body} for body in reversed(self.issues[key]["comments"])]}
        if what == "comment":
            self.issues[key]["comments"].append(body["body"])
        elif method == "GET":
            return {"transitions": self.transitions}
        else:
            assert body == {"transition": {"id": "31"}}
            self.issues[key]["done"] = True
        return None


class _Handler(BaseHTTPRequestHandler):
    server: Jira

    def _take(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, urlsplit(self.path).path, self.headers["Authorization"]))
        answer = self.server.answer(self.command, self.path, body)
        self.send_response(200 if answer is not None else 204)
        self.end_headers()
        if answer is not None:
            self.wfile.write(json.dumps(answer).encode())

    do_GET = do_POST = _take  # noqa: N815  the names that the server looks for

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def jira(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jira]:
    server = Jira()
    Thread(target=server.serve_forever, daemon=True).start()
    connection = {"conn_type": "http", "host": f"http://127.0.0.1:{server.server_port}", "password": "a-secret"}
    monkeypatch.setenv("AIRFLOW_CONN_ON_PREMISES", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CONN_IN_THE_CLOUD", json.dumps({**connection, "login": "ada@acme.example"}))
    yield server
    server.shutdown()
    server.server_close()


def send(notice: Notice, connection: str = "in_the_cloud", **options: Any) -> bool | None:
    member = NOTIFIERS.member("jira")
    return member.send(notice, options_for("jira", {"project": "ML", "connection": connection, **options}))


def test_an_incident_is_one_issue_from_its_opening_to_its_end(jira: Jira) -> None:
    other = replace(OPENED, incident_id="renewals__20260215__f10")
    for notice in (other, OPENED, WANTED, RESOLVED):
        assert send(notice)
    theirs, issue = jira.issues["ML-1"], jira.issues["ML-2"]
    assert (theirs["done"], theirs["comments"], issue["done"]) == (False, [], True)
    assert issue["summary"] == "renewals: AUC fell"
    assert issue["issuetype"] == {"name": "Task"}
    assert issue["labels"] == ["airmedic", "airmedic-renewals__20260215__f1"]
    assert ["Retrain renewals?" in comment for comment in issue["comments"]] == [True, False]
    # A problem that comes back is another issue: the first is done.
    send(WANTED)
    assert not jira.issues["ML-3"]["done"]


def test_the_ticket_of_an_incident_is_opened_once_and_known_by_its_address(jira: Jira) -> None:
    member, options = NOTIFIERS.member("jira"), options_for("jira", {"project": "ML", "connection": "on_premises"})
    tickets = [str(member.open_ticket(OPENED, options)) for _ in range(2)]
    assert tickets == [f"ML-1: http://127.0.0.1:{jira.server_port}/browse/ML-1"] * 2
    assert len(jira.issues) == 1


def test_jira_says_whether_a_message_has_arrived(jira: Jira) -> None:
    member, options = NOTIFIERS.member("jira"), options_for("jira", {"project": "ML", "connection": "on_premises"})
    first, second = replace(OPENED, key="a" * 64), replace(WANTED, key="b" * 64)
    assert not member.has_sent(first, options)
    # The first opens the issue, and the second is a comment.
    send(first)
    assert member.has_sent(first, options)
    assert not member.has_sent(second, options)
    send(second)
    send(RESOLVED)
    assert jira.issues["ML-1"]["done"]
    assert member.has_sent(first, options)
    assert member.has_sent(second, options)
    assert not member.has_sent(replace(first, key="c" * 64), options)
    assert not member.has_sent(replace(first, incident_id="another"), options)


def test_nothing_in_an_issue_is_markup_but_the_links(jira: Jira) -> None:
    send(OPENED)
    text = jira.issues["ML-1"]["description"]
    # Text between two {noformat} is shown as it is; whatever a column is called, it does not end there.
    outside = text.split("{noformat}")[::2]
    assert "".join(outside).strip() == "[https://airflow.example/runs/x%7Cy%5Dz?a=1&b=2]"
    assert "evil.example" in text
    long = replace(
        OPENED, headline="{" * 50_000, lines=("{" * 90_000,), links=OPENED.links * 2_000, incident_id="other"
    )
    send(long)
    send(long)
    issue = jira.issues["ML-2"]
    assert len(issue["summary"]) == 255
    for written in (issue["description"], issue["comments"][0]):
        assert len(written) <= 32_767
        assert written.endswith("incident other{noformat}")
        assert written.count("{noformat}") % 2 == 0


@pytest.mark.parametrize(
    ("connection", "hosting", "path", "authorization"),
    [
        ("in_the_cloud", "cloud", "/search/jql", "Basic " + base64.b64encode(b"ada@acme.example:a-secret").decode()),
        ("on_premises", "data_center", "/search", "Bearer a-secret"),
    ],
)
def test_each_hosting_has_its_address_and_its_login(
    jira: Jira, connection: str, hosting: str, path: str, authorization: str
) -> None:
    send(OPENED, connection, hosting=hosting)
    assert jira.asked[0] == ("GET", f"/rest/api/2{path}", authorization)


def test_a_workflow_without_an_end_is_told(jira: Jira) -> None:
    jira.transitions.pop()
    with pytest.raises(NoticeError, match="no way from the status of ML-1 to one that means done"):
        send(RESOLVED)


def test_what_is_about_no_incident_opens_no_issue(jira: Jira) -> None:
    assert send(Notice(Event.REVIEWED, "renewals", "Reviewed.")) is False
    assert jira.asked == []


@pytest.mark.parametrize("project", ["", "ml", 'ML" OR project = "HR', "ML-1"])
def test_a_project_is_a_key(project: str) -> None:
    with pytest.raises(SpecError, match="project"):
        options_for("jira", {"project": project})
