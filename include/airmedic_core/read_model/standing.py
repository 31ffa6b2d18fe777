"""How a model stands for somebody who sees it in a list: who decided last, whether it helped, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from airmedic_core.actions import infinitive
from airmedic_core.causes import Cause
from airmedic_core.ledger.last_decisions import Answered, Gain
from airmedic_core.read_model.plain import moment, rounded
from airmedic_core.read_model.specs import KnownSpec
from airmedic_core.records import CLOSED_BY_HAND, IncidentState, Json
from airmedic_core.reports.decided import approved, came_of, next_step, who_decided
from airmedic_core.reports.switches import CameToServe
from airmedic_core.reports.text import line

Kind = Literal["answer", "look", "wait", "set_up", "nothing"]
"""Says what kind of step comes next: pages lead to the place where it is done."""
_LOOKS = frozenset({IncidentState.UNDONE, IncidentState.ESCALATED})
"""Holds the states in which an incident is left to people."""


class Step(NamedTuple):
    """What somebody does next about a model."""

    kind: Kind
    words: str
    incident: str | None = None
    """Names the incident that it is about."""

    @property
    def plain(self) -> Json:
        """Return it as plain JSON."""
        return self._asdict()


_NOTHING = Step("nothing", "Nothing to do")
_STEPS = {
    "watch": Step("wait", "Wait for the next window"),
    "silent": Step("look", "See why no batch has come"),
    "unchecked": Step("set_up", "Unpause its monitoring"),
}
"""Says what comes next in the states in which no incident says it."""
_HOLDS = Step("wait", "Nothing: the next window shows whether it holds")
_AFTER = {
    **dict.fromkeys(("healed", "contained", "repaired", "rolled_back", "changed"), _HOLDS),
    "rejected": Step("wait", "Wait for the next window: the remedy was rejected"),
    "snoozed": Step("wait", "Wait for the next window: nobody is asked again yet"),
    "dry_run": Step("wait", "Wait for the next window: the dry run has changed nothing"),
    "diagnosed": Step("wait", "Wait for the next window: it was only diagnosed"),
    CLOSED_BY_HAND: _NOTHING,
}
"""Says what comes next where the newest window is that of an incident that has ended, by its outcome."""


def step_of(
    known: KnownSpec, state: str, *, opened: Any | None, ended: Any | None, waits: bool, has_champion: bool
) -> Step:
    """Return what somebody does next about a model.

    Parameters
    ----------
    known : KnownSpec
        Its spec.
    state : str
        How it is.
    opened, ended : Incident or row, optional
        The open incident, and the last one that has ended.
    waits : bool
        Whether a proposal waits for an answer.
    has_champion : bool
        Whether a version serves.
    """
    if known.spec is None:
        return Step("set_up", "Mend its spec")
    if waits:
        return Step("answer", _sentence(next_step(IncidentState.AWAITING_APPROVAL, {}, known.spec.approvers)))
    if opened is not None and opened.state == IncidentState.AWAITING_APPROVAL:
        return Step("wait", "Wait: nothing is asked any more, and its run goes on", opened.id)
    if opened is not None:
        told = next_step(opened.state, opened.resolution)
        return Step("wait" if told.startswith("wait") else "look", _sentence(told), opened.id)
    if state == "incident" and ended is not None:
        outcome = ended.resolution.get("outcome")
        if ended.state in _LOOKS or outcome == "unanswered":
            return Step("look", _sentence(next_step(ended.state, ended.resolution)), ended.id)
        return _AFTER.get(outcome, _STEPS["watch"])._replace(incident=ended.id)
    if state == "unchecked" and not has_champion:
        return Step("set_up", "No version is named champion: run airmedic adopt")
    return _STEPS.get(state, _NOTHING)


def decision_json(
    *,
    opened: Any | None,
    ended: Any | None,
    answered: Answered | None,
    champion: Any | None,
    takes_back: bool = False,
) -> Json | None:
    """Return who decided last about a model as plain JSON; nothing where nobody has.

    Parameters
    ----------
    opened, ended : Incident or row, optional
        The open incident, and the last one that has ended.
    answered : Answered, optional
        The last answer about the open incident.
    champion : Promotion or row, optional
        The last promotion.
    takes_back : bool
        Whether Airmedic made that promotion to take another one back.
    """
    if opened is not None and answered is not None:
        action = infinitive(answered.action).removesuffix(" of").removesuffix(" for")
        said = approved([answered.by], action)
        if answered.answer != "approve":
            said = f"{line(answered.by, 60)} rejected: {action}"
        return {"words": _opening(said), "at": moment(answered.at)}
    if opened is not None:
        return {"words": "Nobody yet", "at": None}
    told = who_decided(ended.resolution) if ended is not None else ""
    if champion is not None and (ended is None or not told or champion.at > ended.closed_at):
        came = CameToServe(champion.kind, champion.by, takes_back=takes_back)
        return {"words": _opening(came.sentence), "at": moment(champion.at)}
    return {"words": _opening(told), "at": moment(ended.closed_at)} if ended is not None and told else None


def last_incident_json(ended: Any | None, gain: Gain | None, metric_trend: Sequence[float | None]) -> Json | None:
    """Return the last incident that has ended as plain JSON, and what its remedy was worth.

    Parameters
    ----------
    ended : row, optional
        The incident.
    gain : Gain, optional
        How the model did when the incident was first seen, where the version that serves has healed it.
    metric_trend : sequence of float or None
        The metric in the model's newest windows, oldest first.
    """
    if ended is None:
        return None
    since = [value for value in metric_trend[-gain.windows :] if value is not None] if gain and gain.windows else []
    before = rounded(gain.before) if gain else None
    helped = {"before": before, "since": rounded(sum(since) / len(since)), "windows": len(since)} if since else None
    return {
        "id": ended.id,
        "cause_words": Cause(ended.cause).words,
        "outcome_words": came_of(ended.resolution),
        "closed_at": moment(ended.closed_at),
        "helped": helped if before is not None else None,
    }


def _opening(words: str) -> str:
    """Return words with a capital, unless they begin with a person's name, which is written as they write it."""
    return _sentence(words) if words.startswith(("the policy ", "nobody ", "somebody ")) else words


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
