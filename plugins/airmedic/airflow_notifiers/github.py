"""Keeps a GitHub issue for each incident."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, final

from pydantic import Field

from airmedic_core.notifiers import Notice, Notifier, RoutedOptions, Ticket

if TYPE_CHECKING:
    from airmedic.hooks.web_service import WebService

_CONNECTION = "github_default"
_ADDRESS = "https://api.github.com"
_A_PAGE = 100
"""Issues that the API lists at once, at the most."""
_MOST_PAGES = 5
"""Pages of open issues that are looked through. With 500 open incidents, nobody reads another issue."""

_MARKUP = frozenset("&<>@[]()!#*_`|~")
"""Signs that mean something in GitHub's Markdown."""
_MOST_LINES = 4
"""Lines of a notice, of which the first say the most."""
_LONGEST_LINE = 2_000
"""Characters of a line: an issue may have 65,536, and a sign that is written as a number takes six."""


class Options(RoutedOptions):
    """Says where issues are opened."""

    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    """Owner and name, such as ``acme/models``."""
    label: str = "airmedic"
    """Label of all its issues, by which they are found again."""
    connection: str = _CONNECTION
    """Airflow connection whose password is a token that may read and write issues. Its host, where it names one, is
    that of a GitHub Enterprise Server, with ``/api/v3``."""


@final
class Github(Notifier[Options]):
    """A GitHub issue for each incident. What is about no incident is left out.

    It is opened with the first notice, commented with the next, and closed with the incident.
    """

    options = Options
    connections = (_CONNECTION,)
    opens_tickets = True

    def preview(self, notice: Notice, options: Options) -> str:
        """Return the issue that the notice would open."""
        if not notice.incident_id:
            return "No issue: it is about no incident."
        return f"{options.repository}, label {options.label}\n# {notice.headline}\n\n{_markdown(notice)}"

    def send(self, notice: Notice, options: Options) -> bool | None:
        """Open, comment or close the issue of the notice's incident."""
        from airmedic.hooks.web_service import WebService

        if not notice.incident_id:
            return False
        repository = _Issues(WebService(options.connection, _ADDRESS), options)
        issue = repository.issue_of(notice.incident_id)
        if issue is None:
            issue = repository.open(notice)
        else:
            repository.comment(issue, notice)
        if notice.is_over:
            repository.close(issue)
        return True

    def has_sent(self, notice: Notice, options: Options) -> bool:
        """Look for the notice in the incident's issue and its comments, also where somebody has closed it."""
        from airmedic.hooks.web_service import WebService

        repository = _Issues(WebService(options.connection, _ADDRESS), options)
        issue = repository.issue_of(notice.incident_id, state="all")
        return issue is not None and repository.holds(issue, _key_marker(notice.key))

    def open_ticket(self, notice: Notice, options: Options) -> Ticket:
        """Return the open issue of the notice's incident, and open it first where there is none."""
        from airmedic.hooks.web_service import WebService

        repository = _Issues(WebService(options.connection, _ADDRESS), options)
        number = repository.issue_of(notice.incident_id) or repository.open(notice)
        return Ticket(f"{options.repository}#{number}", repository.url_of(number))


class _Issues:
    def __init__(self, service: WebService, options: Options) -> None:
        self._service = service
        self._options = options

    def issue_of(self, incident_id: str, *, state: Literal["open", "all"] = "open") -> int | None:
        """Return the number of the newest issue of an incident that is in such a state; None where there is none."""
        query: dict[str, str | int] = {"state": state, "labels": self._options.label, "per_page": _A_PAGE}
        for page in range(1, _MOST_PAGES + 1):
            issues = self._ask("GET", "", query={**query, "page": page}) or []
            for issue in issues:
                if _marker(incident_id) in (issue.get("body") or ""):
                    return int(issue["number"])
            if len(issues) < _A_PAGE:
                break
        return None

    def open(self, notice: Notice) -> int:
        body = f"{_markdown(notice)}\n\n{_marker(notice.incident_id)}{_key_marker(notice.key)}"
        issue = {"title": notice.headline[:256], "body": body, "labels": [self._options.label]}
        return int(self._ask("POST", "", body=issue)["number"])

    def holds(self, number: int, marker: str) -> bool:
        """Return whether an issue or one of its comments holds a marker."""
        if marker in ((self._ask("GET", f"/{number}") or {}).get("body") or ""):
            return True
        for page in range(1, _MOST_PAGES + 1):
            comments = self._ask("GET", f"/{number}/comments", query={"per_page": _A_PAGE, "page": page}) or []
            if any(marker in (comment.get("body") or "") for comment in comments):
                return True
            if len(comments) < _A_PAGE:
                break
        return False

    def url_of(self, number: int) -> str:
        """Return where people read an issue; empty where the API does not say."""
        url = str((self._ask("GET", f"/{number}") or {}).get("html_url", ""))
        return url if url.startswith(("https://", "http://")) else ""

    def comment(self, number: int, notice: Notice) -> None:
        text = f"**{_escaped(notice.headline)}**\n\n{_markdown(notice)}"
        if notice.key:
            text += f"\n\n{_key_marker(notice.key)}"
        self._ask("POST", f"/{number}/comments", body={"body": text})

    def close(self, number: int) -> None:
        self._ask("PATCH", f"/{number}", body={"state": "closed", "state_reason": "completed"})

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        headers["Authorization"] = f"Bearer {self._service.password}"
        return self._service.ask(method, f"/repos/{self._options.repository}/issues{path}", headers=headers, **more)


def _marker(incident_id: str) -> str:
    """Return what stands in an issue's text, invisibly, so that it is found again."""
    return f"<!-- airmedic incident {incident_id} -->"


def _key_marker(key: str) -> str:
    """Return what stands in the text of one message, invisibly, so that it is not sent twice."""
    return f"<!-- airmedic message {key} -->" if key else ""


def _markdown(notice: Notice) -> str:
    lines = [_escaped(line) for line in notice.lines[:_MOST_LINES]]
    return "\n\n".join([*lines, *notice.links, f"Model `{notice.model}`, incident `{notice.incident_id}`"])


def _escaped(text: str) -> str:
    """Return text in which a column that is called like a link, a tag, a heading or a person is none of them."""
    plain = " ".join(text[:_LONGEST_LINE].split())
    return "".join(f"&#{ord(sign)};" if sign in _MARKUP else sign for sign in plain)
