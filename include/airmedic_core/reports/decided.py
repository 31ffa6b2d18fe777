"""Who decided about an incident, what came of it, and what is to be done next: in a few words, for lists."""

from __future__ import annotations

from collections.abc import Sequence

from airmedic_core.records import CLOSED_BY_HAND, IncidentState, Json
from airmedic_core.reports.text import line

POLICY = "policy"
"""The name under which the policy answers where it lets an action through without asking anybody."""
NOTHING_TO_DO = "nothing to do"
_NAME = 60
"""Letters of a person's name, or of an action's, in a list."""
_ENDED = {
    "healed": "healed",
    "contained": "contained",
    "rejected": "rejected",
    "unanswered": "unanswered",
    "undone": "taken back",
    CLOSED_BY_HAND: "closed by hand",
}
"""What came of an incident, by the outcome in its resolution, where the outcome's own name does not say it."""
_LEFT_TO_PEOPLE = frozenset({"escalated", "handed_over", "recommended"})
"""Holds the outcomes in which nothing was carried out, whatever the policy allowed."""
_LOOK = {
    "escalated": "no safe remedy was found",
    "failed": "the remediation failed",
    "inconclusive": "whether the remedy helps is not known",
    "recommended": "a remedy is recommended, and people carry it out",
    "refused": "the new version was refused",
    "stopped": "the remedy was stopped",
    "unanswered": "nobody answered",
    "undecided": "it ended before anything was decided",
    "worse": "the metric fell with the remedy",
}
"""Says why somebody has to look into an incident that was left to people, by the outcome in its resolution."""
_NEXT = {
    IncidentState.OPEN: "wait: it is being diagnosed",
    IncidentState.DIAGNOSED: "wait: what to do is being decided",
    IncidentState.AWAITING_APPROVAL: "answer the approval",
    IncidentState.ACTING: "wait: the remedy is under way",
    IncidentState.VERIFYING: "wait: new windows show whether it helps",
    IncidentState.RESOLVED: NOTHING_TO_DO,
    IncidentState.REJECTED: NOTHING_TO_DO,
    IncidentState.UNDONE: "look into it: the remedy did not help",
    IncidentState.ESCALATED: "look into it: it was left to people",
}
_STAGES = {
    IncidentState.OPEN: "not remedied yet",
    IncidentState.DIAGNOSED: "not remedied yet",
    IncidentState.AWAITING_APPROVAL: "waits for an approval",
    IncidentState.ACTING: "remedy under way",
    IncidentState.VERIFYING: "being verified",
    IncidentState.REJECTED: "remedy rejected",
    IncidentState.UNDONE: "remedy taken back",
    IncidentState.ESCALATED: "left to people",
}
"""Says how far an incident has come, for the names of the windows that it was seen in."""


def who_decided(resolution: Json) -> str:
    """Return who decided what about an incident that has ended.

    >>> who_decided({"outcome": "healed", "action": "deploy", "approved_by": ["anna"]})
    'anna approved deploy'
    >>> who_decided({"outcome": "contained", "action": "quarantine", "approved_by": ["policy"]})
    'the policy allowed quarantine'
    >>> who_decided({"outcome": "rejected", "action": "retrain", "summary": "boris rejected retrain: not now"})
    'boris rejected retrain'

    Where two have to approve, one approval decides nothing:

    >>> who_decided({"outcome": "rejected", "action": "retrain", "summary": "boris rejected retrain: not now",
    ...              "approved_by": ["anna"]})
    'boris rejected retrain'
    >>> who_decided({"outcome": "unanswered", "action": "retrain", "approved_by": ["anna"]})
    'nobody in time: only anna approved retrain'
    >>> who_decided({"outcome": "unanswered", "action": "retrain", "approved_by": []})
    'nobody answered in time'

    What nobody may carry out is decided by nobody:

    >>> who_decided({"outcome": "escalated", "action": "escalate", "approved_by": ["policy"]})
    'nobody yet: it was left to people'
    >>> who_decided({"outcome": "handed_over", "action": "", "approved_by": []})
    'nobody yet: it was left to people'

    Parameters
    ----------
    resolution : dict
        What came of it, as closing an incident leaves it.
    """
    outcome = resolution.get("outcome")
    action = _words(resolution.get("action"))
    if outcome == CLOSED_BY_HAND:
        return f"{line(resolution.get('closed_by', 'somebody'), _NAME)} closed it by hand"
    if outcome in _LEFT_TO_PEOPLE:
        return "nobody yet: it was left to people"
    people = resolution.get("approved_by") or []
    if outcome == "rejected":
        person, _, _ = str(resolution.get("summary", "")).partition(" rejected ")
        return f"{line(person, _NAME)} rejected {action}"
    if outcome == "unanswered":
        agreed = [person for person in people if person != POLICY]
        return f"nobody in time: only {approved(agreed, action)}" if agreed else "nobody answered in time"
    if people:
        return approved(people, action)
    return "nobody was asked" if outcome else ""


def approved(people: Sequence[str], action: str) -> str:
    """Return who let an action through.

    >>> approved(["anna", "boris"], "retrain")
    'anna and boris approved retrain'

    Parameters
    ----------
    people : sequence of str
        Who answered; the policy where nobody was asked.
    action : str
        The action in words.
    """
    names = [line(person, _NAME) for person in people if person != POLICY]
    return f"{' and '.join(names)} approved {action}" if names else f"the policy allowed {action}"


def came_of(resolution: Json) -> str:
    """Return what came of an incident in a word or two; empty while it is open.

    >>> came_of({"outcome": "undone"}), came_of({"outcome": "escalated"}), came_of({})
    ('taken back', 'escalated', '')
    """
    outcome = str(resolution.get("outcome") or "")
    return _ENDED.get(outcome, _words(outcome))


def stage(state: str, resolution: Json, asked: Sequence[str] = ()) -> str:
    """Return how far an incident has come, and who decided about it once it has ended.

    >>> stage("awaiting_approval", {}, ["anna"])
    'waits for anna'
    >>> stage("resolved", {"outcome": "healed", "action": "deploy", "approved_by": ["anna"]})
    'healed, anna approved deploy'

    Parameters
    ----------
    state : str
        Where the incident stands.
    resolution : dict
        What came of it so far.
    asked : sequence of str
        Who may answer what waits.
    """
    known = IncidentState(state)
    if known is IncidentState.AWAITING_APPROVAL and asked:
        return f"waits for {' or '.join(line(person, _NAME) for person in asked)}"
    if known is IncidentState.RESOLVED:
        return ", ".join(filter(None, (came_of(resolution) or "resolved", who_decided(resolution))))
    return _STAGES[known]


def next_step(state: str, resolution: Json, asked: Sequence[str] = ()) -> str:
    """Return what somebody who sees an incident in a list does next.

    >>> next_step("awaiting_approval", {}, ["anna"])
    'answer the approval (waits for anna)'
    >>> next_step("resolved", {"outcome": "healed"})
    'nothing to do'
    >>> next_step("escalated", {"outcome": "failed"})
    'look into it: the remediation failed'

    Parameters
    ----------
    state : str
        Where the incident stands.
    resolution : dict
        What came of it so far.
    asked : sequence of str
        Who may answer what waits.
    """
    known = IncidentState(state)
    if known is IncidentState.AWAITING_APPROVAL and asked:
        return f"answer the approval (waits for {' or '.join(line(person, _NAME) for person in asked)})"
    outcome = resolution.get("outcome")
    if outcome == CLOSED_BY_HAND:
        return NOTHING_TO_DO
    if outcome in _LOOK and (known is IncidentState.ESCALATED or outcome == "unanswered"):
        step = "find the cause" if outcome == "escalated" else "look into it"
        return f"{step}: {_LOOK[outcome]}"
    return _NEXT[known]


def _words(name: object) -> str:
    return line(name or "", _NAME).replace("_", " ")
