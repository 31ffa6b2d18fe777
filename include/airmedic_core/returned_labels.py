"""Labels that people return for the rows that they were asked about: checked, recorded, and the window seen anew."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airmedic_core.actions import asks_for_labels
from airmedic_core.errors import ReturnedLabelsError, closest
from airmedic_core.incident_lifecycle import look_again_from, open_incident
from airmedic_core.records import Json, Proposal
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace

Answer = tuple[str, Any]
"""The id of a row with its label; a blank one says that nobody knows."""

_SHOWN = 10
"""Classes that a message names."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TakenLabels:
    """Holds what came of labels that people returned."""

    count: int
    window: Window
    outcome: str
    headline: str
    incident_id: str = ""
    """The incident that is diagnosed anew; empty where nothing is wrong."""
    summary: str = ""

    def to_json(self) -> Json:
        """Return it as plain JSON."""
        return {**vars(self), "window": self.window.key}


def label_requests(ws: Workspace) -> list[RecordedAction]:
    """Return the requests for labels that were handed out, the newest first."""
    done = ws.ledger.actions(model=ws.spec.name)
    return [attempt for attempt in reversed(done) if attempt.status == "done" and asks_for_labels(attempt.action)]


def rows_to_label(ws: Workspace) -> dict[str, list[Json]]:
    """Return the rows that are asked about and not labelled yet, by the hash of the request."""
    from airmedic_core.actions.request_labels import handed_out, target_column

    rows: dict[str, list[Json]] = {}
    for request in label_requests(ws):
        handed = handed_out(ws, ws.ledger.proposal(request.proposal_hash)).drop(columns=[target_column(ws.spec)])
        plain = [{str(name): str(value) for name, value in row.items()} for row in handed.to_dict("records")]
        left = {row for row, _ in new_answers(ws, [(row["row"], True) for row in plain])}
        rows[request.proposal_hash] = [row for row in plain if row["row"] in left]
    return rows


def new_answers(ws: Workspace, answers: Sequence[Answer]) -> list[Answer]:
    """Return the answers to what was asked for that are not on record yet."""
    asked = {row for request in _requests(ws) for row in request.params["rows"]}
    given = {row for mark in ws.ledger.overrides(ws.spec.name, "labelled") for row in mark.value["rows"]}
    return [(row, label) for row, label in answers if row in asked - given]


def take_new_labels(ws: Workspace, answers: Sequence[Answer], *, by: str, now: datetime) -> list[TakenLabels]:
    """Record the answers that are new, request by request, and look again at each window that has any.

    A label that cannot be read is left out and logged, so that it does not keep the others back. A window whose labels
    were recorded without that it was looked at, because the process was killed, is looked at now.

    Parameters
    ----------
    ws : Workspace
        The model.
    answers : sequence of tuple of str and object
        All answers that there are, to any request.
    by : str
        The person who returns the labels.
    now : datetime
        The moment.
    """
    from airmedic_core.asked_labels import not_looked_at, record_answers

    taken = []
    for request in _requests(ws):
        asked = set(request.params["rows"])
        mine = {row: label for row, label in new_answers(ws, answers) if row in asked and not _blank(label)}
        if not mine:
            continue
        read, readable = _reader(ws, request), []
        for row, label in mine.items():
            try:
                readable.append((row, read(row, label)))
            except ReturnedLabelsError as error:
                _log.warning("A label is left out. %s", error)
        if readable:
            count = record_answers(ws, request, readable, by=by, now=now)
            taken.append(_looked_at(ws, Window.from_key(request.params["window"]), count, now=now))
    taken += [_looked_at(ws, window, 0, now=now) for window in not_looked_at(ws)]
    return taken


def take_labels(ws: Workspace, answers: Sequence[Answer], *, by: str, now: datetime) -> TakenLabels:
    """Record the labels that people return, look at their window again, and have its incident diagnosed anew.

    A row that comes again with the label that it has counts as done, and the window is looked at all the same.

    Parameters
    ----------
    ws : Workspace
        The model.
    answers : sequence of tuple of str and object
        The id of each row with its label; blank where nobody knows.
    by : str
        The person who returns the labels.
    now : datetime
        The moment.

    Raises
    ------
    ReturnedLabelsError
        If a row was not asked for, comes twice or has another label on record, or a label is none of the task. A retry
        does not help.
    """
    from airmedic_core.asked_labels import record_answers

    requests = _requests(ws)
    if not requests:
        raise ReturnedLabelsError(f"Nobody was asked for labels of {ws.spec.name!r}.", "Ask for them in the form.")
    given = {row for row, _ in answers}
    request = max(requests, key=lambda known: len(given & set(known.params["rows"])))
    read = _reader(ws, request)
    labels = [(str(row), read(str(row), label)) for row, label in answers if not _blank(label)]
    if not labels:
        raise ReturnedLabelsError("No row has a label.", f"Fill in the column {ws.spec.target}.")
    count = record_answers(ws, request, labels, by=by, now=now)
    return _looked_at(ws, Window.from_key(request.params["window"]), count, now=now)


def _requests(ws: Workspace) -> list[Proposal]:
    return [ws.ledger.proposal(request.proposal_hash) for request in label_requests(ws)]


def _looked_at(ws: Workspace, window: Window, count: int, *, now: datetime) -> TakenLabels:
    from airmedic_core.asked_labels import note_looked_at
    from airmedic_core.checks import GROUPS
    from airmedic_core.diagnose import collect_evidence, diagnose
    from airmedic_core.monitor import assess, check_batch, resolve_batch

    batch = resolve_batch(ws, window=window, moment=now, as_of=now)
    for group in GROUPS:
        check_batch(ws, batch, group)
    assessment = assess(ws, batch)
    look_again_from(ws, batch)
    taken = TakenLabels(count, window, assessment.outcome, assessment.headline)
    if assessment.outcome == "incident":
        incident = open_incident(ws, batch, now=now)
        collect_evidence(ws, incident.id)
        summary = diagnose(ws, incident.id).summary
        taken = TakenLabels(count, window, "an incident", assessment.headline, incident.id, summary)
    note_looked_at(ws, window, at=now)
    return taken


def _reader(ws: Workspace, request: Proposal) -> Callable[[str, Any], Any]:
    """Return what reads the label of a row as the source has it: a number, or a class that is known."""
    if ws.spec.task == "regression":
        return _number
    from airmedic_core.repair import read_as_repaired
    from airmedic_core.scoring import class_name, score
    from airmedic_core.scoring.classes import classes_of

    rows = read_as_repaired(ws, Window.from_key(request.params["window"]))
    learned = score(ws, ws.registry.champion(ws.spec.name), rows).classes
    # A class that the model has not learned may be among the labels that the source has delivered. What the model has
    # learned comes last: it tells text from numbers where no label is known.
    named = {class_name(value): value for value in (*classes_of(ws.spec, rows), *learned)}
    known = {name: value.item() if hasattr(value, "item") else value for name, value in named.items()}

    def read(row: str, label: Any) -> Any:
        name = class_name(label)
        # Text that a spreadsheet would take for a formula is handed out behind an apostrophe.
        name = name.removeprefix("'") if name not in known else name
        if name not in known:
            raise ReturnedLabelsError(
                f"The label {label!r} of the row {row!r} is no value of {ws.spec.target!r}.",
                closest(name, map(str, known)) or f"Known are {', '.join(sorted(known)[:_SHOWN])}.",
            )
        return known[name]

    return read


def _number(row: str, label: Any) -> float:
    try:
        number = float(label)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ReturnedLabelsError(f"The label {label!r} of the row {row!r} is no number.", "Give a number.")
    return number


def _blank(label: Any) -> bool:
    return label is None or label != label or not str(label).strip()  # noqa: PLR0124  not-a-number is unlike itself
