"""The alarm behind an action: whether the newest windows still show the cause that the action is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.actions import known_action
from airmedic_core.records import REQUESTED, Assessment, Cause, Diagnosis, Incident, Json
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

ASKED_AGAIN = "asked_again"
"""Key in the details of a decision: why an approved proposal was not carried out, and is asked about again."""

_NEWEST = 30
"""Windows that are looked at for one that can tell: a month of days, in which most labels become known."""


@dataclass(frozen=True)
class Quiet:
    """A window that no longer shows a cause."""

    window: Window
    assessment: Assessment

    def __str__(self) -> str:
        """Return what people are told."""
        return f"The alarm has gone quiet: {self.window}, the newest window that can tell, {self.shows}."

    @property
    def shows(self) -> str:
        """Return what the window shows in place of the cause."""
        if self.assessment.outcome == "healthy":
            return "is healthy"
        kind = "shows" if self.assessment.outcome == "incident" else "is watched for"
        return f"{kind} {self.assessment.cause.words}"


def quiet_alarm(ws: Workspace, incident: Incident, diagnosis: Diagnosis | None, action: str) -> Quiet | None:
    """Return the window that shows that the alarm behind an action has gone quiet; nothing while it sounds.

    An incident that no batch was seen in has no alarm. An action on the incident's own windows is judged by what is
    known of them now, every other one by the model's newest window. A window of which it is not known yet whether the
    model lost on it says nothing about a loss. What the windows mean is read from the audit chain.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident.
    diagnosis : Diagnosis or None
        The diagnosis that stands.
    action : str
        The action's name.
    """
    if incident.fingerprint == REQUESTED:
        return None
    causes = {incident.cause, *([diagnosis.cause] if diagnosis else [])}
    member = known_action(action)
    own = member is not None and member.of_window
    for seen in ws.ledger.recorded_batches(incident, limit=_NEWEST):
        if own and seen.batch.id not in incident.batch_ids:
            continue
        assessment = seen.assessment
        if assessment is None or not _can_tell(assessment, causes):
            continue
        return None if _shows(assessment, causes) else Quiet(seen.batch.window, assessment)
    return None


def question_again(decisions: list[Json]) -> str:
    """Return the hash of the proposal that has to be asked about again; nothing where the last decision was another."""
    last = decisions[-1] if decisions else {"details": {}}
    return str(last["proposal_hash"]) if ASKED_AGAIN in last["details"] else ""


def _can_tell(assessment: Assessment, causes: set[Cause]) -> bool:
    # A cause in the data shows without labels; a loss does not, and neither does its end.
    return all(cause.lies_in_data for cause in causes) or not assessment.not_knowable


def _shows(assessment: Assessment, causes: set[Cause]) -> bool:
    return assessment.outcome != "healthy" and assessment.cause in causes
