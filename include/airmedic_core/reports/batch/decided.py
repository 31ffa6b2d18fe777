"""Who let the version of a batch serve, what has happened to the model by then, and what is to be done next."""

from __future__ import annotations

from airmedic_core.records.versions import taking_back
from airmedic_core.reports.batch.story import BatchStory
from airmedic_core.reports.decided import NOTHING_TO_DO, came_of, who_decided
from airmedic_core.reports.switches import CameToServe
from airmedic_core.reports.text import day, line, moment

_NEXT = {
    "healthy": ("Nothing: nobody has to do anything.", NOTHING_TO_DO),
    "watch": ("Nothing yet: the next window tells whether it lasts.", "wait for the next window"),
    "incident": ("Follow its incident: the remediation says what is proposed and who is asked.", "see its incident"),
}
"""What is to be done about a batch by its outcome: in a sentence, and in a run's name."""


def what_to_do(story: BatchStory, *, short: bool = False) -> str:
    """Return what somebody who sees a batch does next; empty for one that was not assessed.

    Parameters
    ----------
    story : BatchStory
        The batch.
    short : bool
        Whether it has to be short enough for a name.
    """
    sentence, word = _NEXT.get(story.outcome, ("", ""))
    return word if short else sentence


def decided_by(story: BatchStory, *, short: bool = False) -> str:
    """Return which version answered, and who let it serve; empty where nothing is on record.

    Parameters
    ----------
    story : BatchStory
        The batch.
    short : bool
        Whether it has to be short enough for a name.
    """
    switch = story.champion
    if switch is None:
        return ""
    came = CameToServe(switch.kind, switch.by, story.approvers, switch in taking_back(story.promotions))
    if short:
        return f"v{line(switch.to_version, 20)}, {came.short}"
    before = f" in place of version {line(switch.from_version, 20)}" if switch.from_version else ""
    mine = (
        incident for incident in story.incidents if incident.resolution.get("proposal_hash") == switch.proposal_hash
    )
    cure = next(mine, None) if switch.proposal_hash and not came.takes_back else None
    why = f", against the {cure.cause.words} of {day(cure.window)}" if cure else ""
    return f"Version {line(switch.to_version, 20)}{before}, {came.told} on {moment(switch.at)}{why}."


def recent_incidents(story: BatchStory) -> list[str]:
    """Return the last incidents that were seen by then: each with what came of it, and who decided."""
    lines = []
    for incident in story.incidents:
        ended = ", ".join(filter(None, (came_of(incident.resolution), who_decided(incident.resolution))))
        lines.append(f"{day(incident.window)} {incident.cause.words}: {ended or 'open'}")
    return lines
