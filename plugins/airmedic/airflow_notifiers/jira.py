"""Keeps a Jira issue for each incident."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, final
from urllib.parse import quote

from pydantic import Field

from airmedic_core.errors import NoticeError
from airmedic_core.notifiers import Notice, Notifier, RoutedOptions, Ticket

if TYPE_CHECKING:
    from airmedic.hooks.web_service import WebService

_CONNECTION = "jira_default"
_LONGEST_SUMMARY = 255
_LONGEST_PART = 5_000
"""Characters of a headline, of all lines, and of all addresses. Each brace takes two: three such parts, with what is
around them, stay below the 32,767 that Jira takes."""
_SEARCH = {"cloud": "search/jql", "data_center": "search"}
"""Hosting → where issues are looked for. Jira Cloud has given up the older address."""
_MOST_ISSUES = 10
"""Issues of one incident that are looked through for a message: each time that it comes back opens another."""
_MOST_COMMENTS = 50
"""Newest comments of an issue that are looked through for a message, which a killed process has sent last."""
_KEY_LENGTH = 16
"""Characters of a message's key that are shown: 64 bits of a hash."""
_NO_LABEL = re.compile(r"[^\w.-]")


class Options(RoutedOptions):
    """Says where issues are opened."""

    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    """Key of the project, such as ``ML``."""
    issue_type: str = "Task"
    """Type of the issues. Its other fields must not be required."""
    hosting: Literal["cloud", "data_center"] = "cloud"
    """Which Jira it is."""
    connection: str = _CONNECTION
    """Airflow connection with the host: on Jira Cloud an e-mail address as the login and an API token as the password,
    on Data Center no login and a personal access token."""


@final
class Jira(Notifier[Options]):
    """A Jira issue for each incident. What is about no incident is left out.

    It is opened with the first notice, commented with the next, and moved with the incident's end to the first status
    of the category *Done* that its workflow offers.
    """

    options = Options
    connections = (_CONNECTION,)
    opens_tickets = True

    def preview(self, notice: Notice, options: Options) -> str:
        """Return the issue that the notice would open."""
        if not notice.incident_id:
            return "No issue: it is about no incident."
        return f"{options.project}, {options.issue_type}, label {_label(notice)}\n{notice.headline}\n\n{_text(notice)}"

    def send(self, notice: Notice, options: Options) -> bool | None:
        """Open, comment or close the issue of the notice's incident."""
        from airmedic.hooks.web_service import WebService

        if not notice.incident_id:
            return False
        issues = _Issues(WebService(options.connection), options)
        key = issues.issue_of(notice)
        if key is None:
            key = issues.open(notice)
        else:
            issues.comment(key, notice)
        if notice.is_over:
            issues.close(key)
        return True

    def has_sent(self, notice: Notice, options: Options) -> bool:
        """Look for the notice in the incident's issues and their comments, also where somebody has closed them."""
        from airmedic.hooks.web_service import WebService

        issues = _Issues(WebService(options.connection), options)
        return any(issues.holds(key, _key(notice)) for key in issues.issues_of(notice, closed=True))

    def open_ticket(self, notice: Notice, options: Options) -> Ticket:
        """Return the open issue of the notice's incident, and open it first where there is none."""
        from airmedic.hooks.web_service import WebService

        service = WebService(options.connection)
        issues = _Issues(service, options)
        key = issues.issue_of(notice) or issues.open(notice)
        return Ticket(key, f"{service.address}/browse/{quote(key)}")


class _Issues:
    def __init__(self, service: WebService, options: Options) -> None:
        self._service = service
        self._options = options

    def issue_of(self, notice: Notice) -> str | None:
        """Return the key of the oldest open issue of an incident; None where there is none."""
        return next(iter(self.issues_of(notice)), None)

    def issues_of(self, notice: Notice, *, closed: bool = False) -> list[str]:
        """Return the keys of an incident's open issues, oldest first, or of the closed ones as well."""
        wanted = f'project = "{self._options.project}" AND labels = "{_label(notice)}"'
        wanted += "" if closed else " AND statusCategory != Done"
        most = _MOST_ISSUES if closed else 1
        query: dict[str, str | int] = {"jql": f"{wanted} ORDER BY created ASC", "fields": "status", "maxResults": most}
        answer = self._ask("GET", _SEARCH[self._options.hosting], query=query) or {}
        return [str(issue["key"]) for issue in answer.get("issues", ())]

    def holds(self, key: str, message: str) -> bool:
        """Return whether an issue's description, or one of its newest comments, says which message it is."""
        fields = (self._ask("GET", f"issue/{key}", query={"fields": "description"}) or {}).get("fields") or {}
        newest: dict[str, str | int] = {"orderBy": "-created", "maxResults": _MOST_COMMENTS}
        comments = (self._ask("GET", f"issue/{key}/comment", query=newest) or {}).get("comments", ())
        return any(message in (text or "") for text in (fields.get("description"), *(c.get("body") for c in comments)))

    def open(self, notice: Notice) -> str:
        fields = {
            "project": {"key": self._options.project},
            "issuetype": {"name": self._options.issue_type},
            "summary": " ".join(notice.headline.split())[:_LONGEST_SUMMARY],
            "description": _text(notice),
            "labels": ["airmedic", _label(notice)],
        }
        return str(self._ask("POST", "issue", body={"fields": fields})["key"])

    def comment(self, key: str, notice: Notice) -> None:
        headline = _verbatim(notice.headline[:_LONGEST_PART])
        self._ask("POST", f"issue/{key}/comment", body={"body": f"{headline}\n{_text(notice)}"})

    def close(self, key: str) -> None:
        offered = (self._ask("GET", f"issue/{key}/transitions") or {}).get("transitions", ())
        ends = [way["id"] for way in offered if way["to"]["statusCategory"]["key"] == "done"]
        if not ends:
            raise NoticeError(f"Jira offers no way from the status of {key} to one that means done.", "Close it there.")
        self._ask("POST", f"issue/{key}/transitions", body={"transition": {"id": ends[0]}})

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        service = self._service
        headers = {} if service.login else {"Authorization": f"Bearer {service.password}"}
        return service.ask(method, f"/rest/api/2/{path}", headers=headers, basic=bool(service.login), **more)


def _label(notice: Notice) -> str:
    return f"airmedic-{_NO_LABEL.sub('-', notice.incident_id)}"


def _key(notice: Notice) -> str:
    """Return what stands in the text of one message, so that it is not sent twice."""
    return f"message {notice.key[:_KEY_LENGTH]}"


def _text(notice: Notice) -> str:
    # A | or ] would end the address.
    addresses = [f"[{quote(link, safe=':/?#@!$&()*+,;=%~')}]" for link in notice.links]
    shown = [address for end, address in enumerate(addresses, 1) if len("\n".join(addresses[:end])) <= _LONGEST_PART]
    said = _verbatim("\n".join(notice.lines)[:_LONGEST_PART]) if notice.lines else ""
    named = f"Model {notice.model}, incident {notice.incident_id}"
    about = _verbatim(f"{named}, {_key(notice)}" if notice.key else named)
    return "\n".join(part for part in (said, *shown, about) if part)


def _verbatim(text: str) -> str:
    """Return text in which a column that is called like a link, a picture or a person is none of them."""
    # What follows the brace no longer ends the block, and looks the same.
    return f"{{noformat}}{text.replace('{', '{' + chr(0x200B))}{{noformat}}"
