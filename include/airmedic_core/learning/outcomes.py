"""Verified outcomes: which action healed which incident, as far as the audit chain vouches for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from airmedic_core.actions import known_action
from airmedic_core.causes import Cause
from airmedic_core.healed import returned_among, worked
from airmedic_core.ledger.experience import Experience, PastCase


@dataclass(frozen=True)
class VerifiedOutcome:
    """One incident whose end shows whether an action heals its cause."""

    incident_id: str
    model: str
    cause: Cause
    action: str
    """The one that was decided on: a training, where the deployment that came of it decided the outcome."""
    healed: bool
    closed_at: datetime
    record: int
    """The number of the record that closed the incident."""


@dataclass(frozen=True)
class Tally:
    """Says how often an action healed a cause, and how often it did not."""

    successes: int = 0
    failures: int = 0


def verified_outcomes(experience: Experience) -> list[VerifiedOutcome]:
    """Return the outcomes that count, oldest first.

    An outcome counts where the incident was closed with one that speaks for or against its action, and where the end
    of that action is on record in the audit chain. An incident that came back counts against what seemed to heal it.
    What was rejected, not answered, stopped or closed by hand says nothing of the action.

    Parameters
    ----------
    experience : Experience
        Past incidents, as the chain holds them.
    """
    returned = returned_among(case.resolution for case in experience.cases)
    outcomes = [outcome for case in experience.cases if (outcome := _outcome(case, returned)) is not None]
    return sorted(outcomes, key=lambda outcome: outcome.record)


def _outcome(case: PastCase, returned: frozenset[str]) -> VerifiedOutcome | None:
    action = str(case.resolution.get("action") or "")
    word = str(case.resolution.get("outcome") or "")
    healed = worked(word, came_back=case.incident_id in returned)
    if case.closed_at is None or not action or healed is None or not case.verified:
        return None
    credited = _came_of(case, action)
    return VerifiedOutcome(
        case.incident_id, case.model, case.cause, credited, healed, case.closed_at, case.closed_by_record
    )


def _came_of(case: PastCase, action: str) -> str:
    """Return the action that was decided on, of which the one that decided the outcome came; else this one itself."""
    known = known_action(action)
    whole = (known.completes if known else "") or action
    # The steps of a deployment are on record as decisions too: only a real one says what was requested.
    for decision in reversed(case.decisions):
        is_real = "requested" in decision["details"] and not decision["details"].get("dry_run")
        decided = str(decision["action"])
        first = known_action(decided) if is_real and decision["carried_out"] and decided else None
        if first is not None and first.leads_to == whole:
            return decided
    return whole


def tally(outcomes: Iterable[VerifiedOutcome], cause: Cause, action: str) -> Tally:
    """Return how often an action healed a cause, and how often it did not.

    Parameters
    ----------
    outcomes : iterable of VerifiedOutcome
        The outcomes.
    cause : Cause
        The cause.
    action : str
        The action.
    """
    mine = [outcome.healed for outcome in outcomes if outcome.cause is cause and outcome.action == action]
    return Tally(sum(mine), len(mine) - sum(mine))
