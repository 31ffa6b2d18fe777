"""Says what a notice is, and what each notifier offers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from airmedic_core.errors import NoticeError
from airmedic_core.records import IncidentState, Severity


class Event(StrEnum):
    """Lists what people are told of."""

    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CLOSED = "incident_closed"
    APPROVAL_WANTED = "approval_wanted"
    APPROVAL_OVERDUE = "approval_overdue"
    ANSWERED = "answered"
    """Somebody has approved or rejected."""
    NOT_CARRIED_OUT = "not_carried_out"
    """A proposal was refused, or nobody answered in time."""
    DIAGNOSED = "diagnosed"
    """The most likely cause, and what speaks for it: told once for each incident."""
    RECOMMENDED = "recommended"
    """Something that Airmedic does not do by itself."""
    ESCALATED = "escalated"
    DEPLOYMENT_UNDONE = "deployment_undone"
    REVIEWED = "reviewed"
    TASK_FAILED = "task_failed"
    DIGEST = "digest"
    """Says how all models stand, once a day, where ``digest`` is set."""
    INFORMATION = "information"
    """Anything else."""


@dataclass(frozen=True)
class Notice:
    """One thing that people are told. It holds no name of a private column."""

    event: Event
    model: str
    headline: str
    lines: tuple[str, ...] = ()
    """More sentences, most important first."""
    incident_id: str = ""
    severity: Severity | None = None
    """The severity of the incident, where there is one."""
    state: IncidentState | None = None
    """Says where the incident stands, where there is one."""
    links: tuple[str, ...] = ()
    """Addresses of pages to read."""
    key: str = ""
    """Stays the same each time the same message is tried, so that it can be told from another; empty where nobody
    looks for it again."""

    @property
    def text(self) -> str:
        """The whole notice as plain text, bounded: chat services refuse long messages."""
        return "\n".join([self.headline, *self.lines, *self.links])[:_MOST_CHARACTERS]

    @property
    def is_over(self) -> bool:
        """Say whether the incident is closed, and nobody has to look at it any more."""
        return self.event is Event.INCIDENT_CLOSED and self.state is not IncidentState.ESCALATED


@dataclass(frozen=True)
class Ticket:
    """The ticket of an incident, in a tracker of the team's."""

    id: str
    """As people name it: ``acme/models#7``, ``ML-12``."""
    url: str = ""
    """Says where it is read; empty where nobody knows."""

    def __str__(self) -> str:
        return f"{self.id}: {self.url}" if self.url else self.id


_MOST_CHARACTERS = 3000
"""Slack takes up to 4,000 characters in a message, and cuts off what is longer."""


class NotifierOptions(BaseModel):
    """Base of the options of a notifier. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RoutedOptions(NotifierOptions):
    """Options of a notifier that is told only some of the notices where a spec says so."""

    from_severity: Severity = Severity.LOW
    """Incidents that are milder are not told this way. What is about no incident is told always."""
    events: tuple[Event, ...] = ()
    """Says what is told this way, beside the end of an incident; empty for everything."""
    digest: bool = False
    """Says whether a digest is told this way: one for all models whose notifier has the same options."""

    def wants(self, notice: Notice) -> bool:
        """Return whether a notice is to be told this way. What was opened is closed, whatever ``events`` says."""
        mild = notice.severity is not None and notice.severity.order < self.from_severity.order
        return not mild and (not self.events or notice.event in self.events or notice.is_over)


OptionsT = TypeVar("OptionsT", bound=NotifierOptions)


class Notifier(Protocol[OptionsT]):
    """One way to tell people. A spec names it in ``notify``."""

    options: type[OptionsT]
    """Says where to and how, each documented, with defaults."""
    connections: tuple[str, ...] = ()
    """Airflow connections that it writes through where its options name no others: ``airmedic doctor`` lists them."""
    always: bool = False
    """Says whether people are told this way without being named in a spec. It counts for Airmedic's own only."""
    opens_tickets: bool = False
    """Says whether it keeps a ticket for each incident, which ``open_ticket`` returns."""

    def preview(self, notice: Notice, options: OptionsT) -> str:
        """Return what would be sent, as people read it, without any secret. Sends nothing, and needs no connection.

        Parameters
        ----------
        notice : Notice
            What they would be told.
        options : NotifierOptions
            This notifier's options for the model.
        """
        return notice.text

    def open_ticket(self, notice: Notice, options: OptionsT) -> Ticket:
        """Return the open ticket of the notice's incident, and open it first where there is none.

        Parameters
        ----------
        notice : Notice
            What the ticket says if it has to be opened.
        options : NotifierOptions
            This notifier's options for the model.

        Raises
        ------
        NoticeError
            If it keeps no tickets, or the tracker does not answer.
        """
        raise NoticeError(f"{type(self).__name__} keeps no tickets.", "Name a notifier that does.")

    def has_sent(self, notice: Notice, options: OptionsT) -> bool | None:
        """Return whether a notice with this key has arrived; None where the service cannot be asked.

        It is asked where a process was killed between a message and its record. Where it returns None, or fails, the
        notice is sent again: people are told twice rather than never.

        Parameters
        ----------
        notice : Notice
            What they are told; its key is what is looked for.
        options : NotifierOptions
            This notifier's options for the model.
        """
        return None

    @abstractmethod
    def send(self, notice: Notice, options: OptionsT) -> bool | None:
        """Tell people, and return False where there was nothing to tell. What it raises is logged, and fails nothing.

        Parameters
        ----------
        notice : Notice
            What they are told.
        options : NotifierOptions
            This notifier's options for the model.
        """
