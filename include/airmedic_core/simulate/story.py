"""The story of the generated production: which trouble comes next, and when it may come.

A trouble begins only when the incident before it is closed and a few quiet days have passed, so that people who watch
can tell them apart. While an incident is open, production waits for the person who was asked; what a person asks for by
themselves holds nothing up. Nothing here reads a clock: the next day follows from the days so far and the incidents so
far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from airmedic_core.records import REQUESTED, Cause, Incident
from airmedic_core.simulate.subscriptions import World
from airmedic_core.windows import Window, as_utc

QUIET_DAYS_FIRST = 3
QUIET_DAYS_BETWEEN = 2
DAYS_UNNOTICED = 9
"""Days after which the story gives up on a trouble that nobody noticed. Moved inputs are only watched in three windows
of them, while trials leave open what the move costs, and a quiet day may lie between."""


@dataclass(frozen=True)
class Chapter:
    """One trouble of the story."""

    name: str
    title: str
    causes: tuple[Cause, ...]
    """Says what a good diagnosis says, best first."""
    actions: tuple[str, ...]
    """Says what heals it."""
    lasting: bool
    """Says whether the world stays changed. A fault that is not lasting is repaired once its incident is closed."""


CHAPTERS = (
    Chapter(
        "upstream_fault",
        "a release of the activity service writes −1 and empty values into two columns",
        (Cause.DATA_CORRUPTION,),
        ("quarantine",),
        lasting=False,
    ),
    Chapter(
        "partner_campaign",
        "a partner's campaign brings many new customers, who behave as new customers always did",
        (Cause.HARMLESS_COVARIATE_SHIFT,),
        ("refresh_reference",),
        lasting=True,
    ),
    Chapter(
        "rival_offer",
        "a rival's cheaper offer changes who leaves: the relation between inputs and outcome is another",
        (Cause.CONCEPT_DRIFT,),
        ("retrain", "deploy"),
        lasting=True,
    ),
    Chapter(
        "bad_deployment",
        "somebody sets an unfinished experiment as champion by hand",
        (Cause.BAD_DEPLOYMENT,),
        ("rollback",),
        lasting=False,
    ),
)
"""The troubles in the order of the story."""


@dataclass(frozen=True)
class Day:
    """One produced day."""

    date: str
    """ISO 8601."""
    chapter: str
    """The trouble that is or was last at hand; empty before the first."""
    phase: str
    """``quiet`` before the first trouble, ``trouble`` while it lasts, ``recovered`` after its incident."""

    @property
    def window(self) -> Window:
        """The day as a window."""
        start = date.fromisoformat(self.date)
        return Window(as_utc(start.isoformat()), as_utc((start + timedelta(days=1)).isoformat()))

    @property
    def world(self) -> World:
        """Return what is true of the day."""
        names = [chapter.name for chapter in CHAPTERS]
        reached = names.index(self.chapter) if self.chapter else -1
        true = {chapter.name for chapter in CHAPTERS[: reached + 1] if chapter.lasting}
        if self.phase == "trouble":
            true.add(self.chapter)
        return World(**{name: name in true for name in ("upstream_fault", "partner_campaign", "rival_offer")})


@dataclass(frozen=True)
class Pause:
    """Production waits."""

    reason: str


def next_in_story(days: Sequence[Day], incidents: Sequence[Incident], *, first: date, assessed: bool) -> Day | Pause:
    """Return the next day, or why there is none yet.

    Parameters
    ----------
    days : sequence of Day
        The days so far, oldest first.
    incidents : sequence of Incident
        Of this model, in any order.
    first : date
        The first day.
    assessed : bool
        Whether the monitoring of the last day has ended.
    """
    if not days:
        return Day(first.isoformat(), "", "quiet")
    last = days[-1]
    if not assessed:
        return Pause(f"{last.date} has not been assessed yet")
    noticed = [incident for incident in incidents if incident.fingerprint != REQUESTED]
    still_open = next((incident for incident in noticed if incident.closed_at is None), None)
    if still_open is not None:
        return Pause(f"incident {still_open.id} is {still_open.state}")
    quiet = sum(1 for day in days if (day.chapter, day.phase) == (last.chapter, last.phase))
    if last.phase == "trouble":
        began = next(day.window.start for day in days if (day.chapter, day.phase) == (last.chapter, "trouble"))
        in_time = any(incident.window.end > began for incident in noticed)
        phase = "recovered" if in_time or quiet >= DAYS_UNNOTICED else "trouble"
        return _following(last, last.chapter, phase)
    if quiet < (QUIET_DAYS_BETWEEN if last.chapter else QUIET_DAYS_FIRST):
        return _following(last, last.chapter, last.phase)
    names = [chapter.name for chapter in CHAPTERS]
    upcoming = names[names.index(last.chapter) + 1 :] if last.chapter else names
    return _following(last, upcoming[0], "trouble") if upcoming else _following(last, last.chapter, "recovered")


def is_told(days: Sequence[Day]) -> bool:
    """Say whether the last trouble is over and the quiet days after it have passed."""
    end = sum(1 for day in days if (day.chapter, day.phase) == (CHAPTERS[-1].name, "recovered"))
    return end >= QUIET_DAYS_BETWEEN


def _following(last: Day, chapter: str, phase: str) -> Day:
    return Day((date.fromisoformat(last.date) + timedelta(days=1)).isoformat(), chapter, phase)
