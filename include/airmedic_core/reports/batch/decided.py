"""Says who let the version of a batch serve, what has happened to the model by then, and what is to be done next."""

from __future__ import annotations

from airmedic_core.records import ABNORMAL, Role
from airmedic_core.records.versions import taking_back
from airmedic_core.reports.batch.story import BatchStory
from airmedic_core.reports.decided import NOTHING_TO_DO, came_of, stage, who_decided
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


def how_far(story: BatchStory) -> str:
    """Return how far the incident has come that a batch belongs to, and where to read on; empty for no incident."""
    if story.outcome != "incident":
        return ""
    incident = story.incident
    told = stage(incident.state, incident.resolution, story.spec.approvers) if incident else stage("open", {})
    return told if incident and incident.closed_at else f"{told}, see its incident"


def why_watched(story: BatchStory) -> str:
    """Return in a few words what makes a window one to watch; empty where no finding says it."""
    roles = {finding.role for finding in story.findings if finding.verdict in ABNORMAL}
    if Role.LOSS in roles:
        return "performance is lower"
    if Role.INPUT_MOVED in roles:
        return "inputs have moved"
    return "data look unusual" if roles else ""


def recent_incidents(story: BatchStory) -> list[str]:
    """Return the last incidents that were seen by then: each with what came of it, and who decided."""
    lines = []
    for incident in story.incidents:
        ended = ", ".join(filter(None, (came_of(incident.resolution), who_decided(incident.resolution))))
        lines.append(f"{day(incident.window)} {incident.cause.words}: {ended or 'open'}")
    return lines
