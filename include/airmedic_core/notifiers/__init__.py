"""Notifiers: the ways in which people are told. One file is one notifier; its name is the key in the spec's ``notify``.

Those that need Airflow, such as Slack through an Airflow connection, lie in the Airflow layer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal

from airmedic_core.family import Family
from airmedic_core.notifiers.contract import Event, Notice, Notifier, NotifierOptions, RoutedOptions, Ticket
from airmedic_core.spec import NOTIFIERS_LIE_IN, validated

__all__ = [
    "NOTIFIERS",
    "Event",
    "Notice",
    "Notifier",
    "NotifierOptions",
    "RoutedOptions",
    "Ticket",
    "options_for",
    "send_each",
    "send_notice",
    "send_once",
    "ticket_keepers",
]

NOTIFIERS: Family[Notifier[Any]] = Family(
    "airmedic_core.notifiers", Notifier, entry_points="airmedic.notifiers", beside=NOTIFIERS_LIE_IN.beside
)
_log = logging.getLogger(__name__)


def send_notice(notice: Notice, chosen: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Tell people in all chosen ways. Never raises: whatever goes wrong with a notice, the work goes on.

    Parameters
    ----------
    notice : Notice
        What they are told.
    chosen : mapping
        Notifier → its options, as the spec's ``notify`` holds them.

    Returns
    -------
    tuple of str
        The notifiers that took it.
    """
    return tuple(name for name, problem in send_each(notice, chosen).items() if not problem)


def send_each(notice: Notice, chosen: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Tell people in all chosen ways, and return what became of each. Never raises.

    Parameters
    ----------
    notice : Notice
        What they are told.
    chosen : mapping
        Notifier → its options, as the spec's ``notify`` holds them.

    Returns
    -------
    dict of str to str
        Notifier → why it could not tell anybody; empty where it has. Those that leave such notices out are not in it.
    """
    told = {}
    for name in (*_always(), *(name for name in chosen if name not in _always())):
        problem = _sent(name, notice, chosen.get(name, {}))
        if problem is not None:
            told[name] = problem
    return told


def send_once(
    notice: Notice,
    chosen: Mapping[str, Mapping[str, Any]],
    *,
    known: Mapping[str, str],
    record: Callable[[str, Literal["begun", "sent"]], None],
) -> dict[str, str]:
    """Tell people as :func:`send_each` does, and do it once although a process may be killed at any moment.

    That a message begins is recorded before it is sent. One that was begun and is not on record as sent may have
    arrived: its service is asked for the notice's key, and it is sent again unless it is there.

    Parameters
    ----------
    notice : Notice
        What they are told. It has a key.
    chosen : mapping
        Notifier → its options, as the spec's ``notify`` holds them.
    known : mapping
        Notifier → ``begun`` or ``sent``, as it is on record.
    record : callable
        Records of a notifier that its message is ``begun`` or ``sent``. What it raises is raised here.

    Returns
    -------
    dict of str to str
        As :func:`send_each`; one that had arrived before is told as if it was sent now.
    """
    became = {name: _sent(name, notice, chosen.get(name, {})) for name in _always()}
    for name in (name for name in chosen if name not in _always()):
        problem: str | None = ""
        if known.get(name) != "sent":
            if _is_left_out(name, notice, chosen[name]):
                # Otherwise it would stay on record as begun for ever.
                continue
            arrived = known.get(name) == "begun" and _has_sent(name, notice, chosen[name])
            if not arrived:
                record(name, "begun")
                problem = _sent(name, notice, chosen[name])
            if problem == "":
                record(name, "sent")
        became[name] = problem
    return {name: problem for name, problem in became.items() if problem is not None}


def _sent(name: str, notice: Notice, given: Mapping[str, Any]) -> str | None:
    """Send a notice in one way. Return what kept it from that, nothing if it was taken, None if it was left out."""
    if _is_left_out(name, notice, given):
        return None
    try:
        options = options_for(name, given)
        sent = NOTIFIERS.member(name).send(notice, options)
    except Exception as error:  # noqa: BLE001  a notice that is lost must not stop a remedy
        _log.warning("%r could not be sent by the notifier %s: %s", notice.headline, name, error)
        return str(error) or type(error).__name__
    return None if sent is False else ""


def _is_left_out(name: str, notice: Notice, given: Mapping[str, Any]) -> bool:
    """Return whether the options leave such notices out. Options that are wrong leave out nothing: sending says so."""
    try:
        options = options_for(name, given)
    except Exception:  # noqa: BLE001  a package may be broken; what is wrong is told where the notice is sent
        return False
    return isinstance(options, RoutedOptions) and not options.wants(notice)


def _has_sent(name: str, notice: Notice, given: Mapping[str, Any]) -> bool:
    try:
        return bool(NOTIFIERS.member(name).has_sent(notice, options_for(name, given)))
    except Exception as error:  # noqa: BLE001  people are told twice rather than never
        _log.warning("The notifier %s cannot say whether %r has arrived: %s", name, notice.headline, error)
        return False


def ticket_keepers(chosen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return those of the chosen notifiers that keep a ticket for each incident.

    Parameters
    ----------
    chosen : mapping
        Notifier → its options, as the spec's ``notify`` holds them.
    """
    working = NOTIFIERS.working()
    return [name for name in chosen if name in working and working[name].opens_tickets]


def options_for(name: str, given: Mapping[str, Any]) -> Any:
    """Return the validated options of a notifier.

    Parameters
    ----------
    name : str
        The notifier.
    given : mapping
        What a spec says under ``notify.<name>``.

    Raises
    ------
    SpecError
        If there is no such notifier, or an option is unknown or wrong. The message names the closest.
    """
    return validated(NOTIFIERS.member(name).options, given, f"The options of the notifier {name!r}")


def _always() -> tuple[str, ...]:
    return tuple(name for name in NOTIFIERS.ours() if NOTIFIERS.member(name).always)
