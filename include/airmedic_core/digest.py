"""The digest: one notice about all models that are told the same way, of what needs somebody and what has ended."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airmedic_core.notifiers import NOTIFIERS, Event, Notice, RoutedOptions, options_for
from airmedic_core.read_model import FleetModel, KnownSpec, read_fleet
from airmedic_core.read_model.fleet import State
from airmedic_core.records import Incident
from airmedic_core.reports.text import duration

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

_MOST_LINES = 20
"""Models that are named; a message that is longer is read by nobody."""
_LONGEST_LINE = 250
"""Characters of a line, so that one long headline does not push the other models out of the message."""
_MOST_INCIDENTS = 500
"""Incidents whose end is told: 1,000 models open fewer in a day."""
_WORDS: dict[State, tuple[str, str]] = {
    "incident": ("has an incident", "have an incident"),
    "broken_spec": ("has a broken spec", "have a broken spec"),
    "silent": ("was not checked in time", "were not checked in time"),
    "watch": ("is watched", "are watched"),
    "unchecked": ("was never checked", "were never checked"),
    "healthy": ("is healthy", "are healthy"),
}
"""State → what is said of one model and of several; the states that need somebody first."""
_NAMED: tuple[State, ...] = ("incident", "broken_spec", "silent", "watch")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Digest:
    """A notice, and where it goes."""

    notifier: str
    options: Mapping[str, Any]
    """As the specs hold them."""
    notice: Notice


def digests(ledger: Ledger | None, specs: Mapping[str, KnownSpec], *, now: datetime, hours: float = 24) -> list[Digest]:
    """Return a digest for each place that models are to be told of in.

    A model whose spec is broken is in every digest, for nobody can read where it belongs.

    Parameters
    ----------
    ledger : Ledger or None
        The ledger; nothing where none was made yet.
    specs : mapping
        The specs by the names of their models.
    now : datetime
        The moment.
    hours : float
        Incidents that ended in the hours before are told of.
    """
    places: dict[tuple[str, str], list[str]] = {}
    for name, known in specs.items():
        for notifier, options in _wanted(known):
            places.setdefault((notifier, json.dumps(options, sort_keys=True)), []).append(name)
    if not places:
        return []
    broken = [name for name, known in specs.items() if known.spec is None]
    fleet = {model.known.name: model for model in read_fleet(ledger, specs, now=now, shown=specs)}
    since = now - timedelta(hours=hours)
    ended = ledger.incidents(closed_since=since, limit=_MOST_INCIDENTS) if ledger else []
    return [
        Digest(notifier, json.loads(options), _notice([fleet[name] for name in [*names, *broken]], ended, now=now))
        for (notifier, options), names in places.items()
    ]


def send_digest(digest: Digest) -> bool:
    """Send a digest, and return whether it was taken. What goes wrong is logged.

    A notifier that returns False had nothing to send to, such as a connection that is not there.
    """
    try:
        options = options_for(digest.notifier, digest.options)
        sent = NOTIFIERS.member(digest.notifier).send(digest.notice, options)
    except Exception as error:  # noqa: BLE001  one place that does not answer must not cost the others their digest
        _log.warning("The digest could not be sent by the notifier %s: %s", digest.notifier, error)
        return False
    return sent is not False


def _wanted(known: KnownSpec) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for notifier, given in (known.spec.notify if known.spec else {}).items():
        try:
            options = options_for(notifier, given)
        except Exception as error:  # noqa: BLE001  a notifier of a package that has gone; the others are told
            _log.warning("%s: the options of the notifier %s cannot be read: %s", known.name, notifier, error)
            continue
        if isinstance(options, RoutedOptions) and options.digest:
            yield notifier, given


def _notice(models: Sequence[FleetModel], ended: Sequence[Incident], *, now: datetime) -> Notice:
    counted = Counter(model.state for model in models)
    said = [f"{count} {_WORDS[state][count > 1]}" for state in _WORDS if (count := counted.get(state, 0))]
    needing = [model for state in _NAMED for model in models if model.state == state]
    lines = [_line(model, now) for model in needing]
    # An incident that a person's request opened leaves the model as it is, and may wait for an answer too.
    lines += [_line(model, now) for model in models if model not in needing and model.waiting_since]
    names = {model.known.name: model.known for model in models}
    ends = [incident for incident in ended if incident.model in names]
    endings = [
        f"{incident.model}: ended as {incident.state}: {names[incident.model].told(incident.headline)}"
        for incident in ends
    ]
    of = "1 model" if len(models) == 1 else f"{len(models)} models"
    return Notice(Event.DIGEST, "", f"Digest of {of}: {', '.join(said)}.", (*_bounded(lines), *_bounded(endings)))


def _bounded(lines: Sequence[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    shown = [line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…" for line in lines[:_MOST_LINES]]
    return [*shown, f"… and {more} more."] if more > 0 else shown


def _line(model: FleetModel, now: datetime) -> str:
    row = model.row
    incident = row["incident"]
    # What is wrong with a spec may name its private columns, and nobody can read which those are.
    told = {"incident": incident["headline"] if incident else "", "watch": row["headline"]}.get(model.state, "")
    words = _WORDS[model.state][0]
    asks = ""
    if model.waiting_since:
        waited = duration((now - model.waiting_since[0]).total_seconds())
        asks = f" Waits for an answer since {waited}: {row['approval']['action_words']}?"
    return f"{model.known.name} {words}{': ' + told if told else '.'}{asks}"
