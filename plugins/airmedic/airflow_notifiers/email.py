"""Sends notices by e-mail, through Airflow's SMTP provider."""

from __future__ import annotations

from html import escape
from typing import final

from airmedic_core.errors import NoticeError
from airmedic_core.notifiers import Notice, Notifier, RoutedOptions

_CONNECTION = "smtp_default"


class Options(RoutedOptions):
    """The addresses that get mail, and the connection that it is sent through."""

    to: tuple[str, ...]
    """Addresses."""
    connection: str = _CONNECTION
    """Airflow connection of the type SMTP; its extra ``from_email`` is the sender."""


@final
class Email(Notifier[Options]):
    """E-mail. The messages of an incident are one conversation."""

    options = Options
    connections = (_CONNECTION,)

    def preview(self, notice: Notice, options: Options) -> str:
        """Return addresses, subject and text."""
        return f"To: {', '.join(options.to)}\nSubject: {_subject(notice)}\n\n{notice.text}"

    def send(self, notice: Notice, options: Options) -> None:
        """Send one message to everybody."""
        from airmedic.hooks.web_service import NO_CONNECTION
        from airmedic.hooks.workspace import find_connection

        if find_connection(options.connection) is None:
            raise NoticeError(f"There is no Airflow connection {options.connection!r}.", NO_CONNECTION)
        try:
            from airflow.providers.smtp.hooks.smtp import SmtpHook
        except ModuleNotFoundError as error:
            raise NoticeError(
                "Airflow's SMTP provider is missing.", 'Install it: pip install "airmedic[email]"'
            ) from error

        # A server or a program that has a message of this id already may leave out a second one.
        known_by = {"Message-ID": f"<{notice.key}@airmedic>"} if notice.key else {}
        with SmtpHook(smtp_conn_id=options.connection) as hook:
            hook.send_email_smtp(
                to=list(options.to),
                subject=_subject(notice),
                html_content=_html(notice),
                custom_headers={**known_by, **_in_thread(notice)},
            )


def _in_thread(notice: Notice) -> dict[str, str]:
    thread = f"<{notice.incident_id or notice.model or 'notices'}@airmedic>"
    return {"References": thread, "In-Reply-To": thread, "Auto-Submitted": "auto-generated"}


def _subject(notice: Notice) -> str:
    """Return the headline in one line, without signs that nobody sees: a line break would begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in notice.headline).split())


def _html(notice: Notice) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in (notice.headline, *notice.lines))
    links = "".join(f'<p><a href="{escape(link)}">{escape(link)}</a></p>' for link in notice.links)
    return f"{lines}{links}<p>Model {escape(notice.model)} · {escape(notice.incident_id)}</p>"
