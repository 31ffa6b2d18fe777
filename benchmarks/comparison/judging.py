"""The judge: what an action was worth on the rows that followed, and whether the incident was resolved by it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from airmedic_core.training.rows import training_window
from airmedic_core.windows import Window
from comparison.arms import Acted
from comparison.incident import Incident
from comparison.production import between, week
from comparison.world import World, weeks_of

RESOLVED_SHARE = 0.5
"""Share of what could be gained that an incident in the model has to bring back to count as resolved."""
LEAST_GAIN = {"bike": 0.05, "hotel": 0.01}
"""Says what could be gained at the least for there to be anything to resolve: a share of the error, and AUC."""


@dataclass(frozen=True)
class Truth:
    """Holds what an incident is worth, measured before any arm acts."""

    incident: Incident
    rows: pd.DataFrame
    """All rows as they are delivered."""
    serving: float
    """The deciding metric of what serves, on the rows that follow, signed so that more is better."""
    best: float
    """The same of the best of: what serves, the version before, refits on all newest weeks and on the changed ones."""

    @property
    def gain(self) -> float:
        """Return what could be gained."""
        return self.best - self.serving

    @property
    def to_gain(self) -> bool:
        """Say whether there is anything to gain that is worth an action."""
        least = LEAST_GAIN[self.incident.model]
        # In the model only: elsewhere what serves is the best that there is.
        return self.gain > (least * abs(self.serving) if self.incident.model == "bike" else least)


@dataclass(frozen=True)
class Verdict:
    """Says how an arm did on one incident."""

    truth: Truth
    acted: Acted
    change: float
    """Metric on the rows that follow: after the action, less before it."""
    harmed: bool
    resolved: bool
    unsafe: int
    """Unsafe things that it set out to do: to put into service what is worse on the rows that follow, or worse."""
    blocked: int
    """Of these, those that something stopped."""


def truth_of(world: World, incident: Incident, rows: pd.DataFrame) -> Truth:
    """Measure what an incident is worth.

    Parameters
    ----------
    world : World
        A world of its own, in which versions are put into service to measure them.
    incident : Incident
        The incident.
    rows : pandas.DataFrame
        All rows as they are delivered.
    """
    following, serving = weeks_of(rows, incident.following), world.serving
    candidates = [serving]
    if incident.in_the_model:
        previous = world.ws.registry.by_alias(world.name, "previous")
        candidates += [previous.version] if previous is not None else []
        newest = training_window(world.ws.spec, week(incident.weeks.stop).start)
        changed = Window(week(incident.weeks.start).start, newest.end)
        candidates += [world.put_in_service(between(rows, window)) for window in (newest, changed)]
    measured = [world.measured(version, following) for version in candidates]
    return Truth(incident, rows, measured[0], max(measured))


def judge(truth: Truth, acted: Acted) -> Verdict:
    """Judge what an arm did.

    Parameters
    ----------
    truth : Truth
        The truth, stated before.
    acted : Acted
        What the arm did.
    """
    incident, world = truth.incident, acted.world
    following = weeks_of(truth.rows, incident.following)
    before = world.measured(acted.before, following)
    change = 0.0 if acted.after == acted.before else world.measured(acted.after, following) - before
    worse = {version for version in acted.offered if world.measured(version, following) < before}
    harmed = change < 0
    return Verdict(
        truth, acted, change, harmed,
        resolved=not harmed and _resolved(truth, acted, change),
        unsafe=len(worse) + acted.wrong_advice + acted.followed_advice,
        blocked=len(worse - {acted.after}) + acted.wrong_advice if _has_gate(acted) else 0,
    )  # fmt: skip


def _resolved(truth: Truth, acted: Acted, change: float) -> bool:
    if truth.incident.rows_are_broken:
        return acted.kept_out
    return change >= RESOLVED_SHARE * truth.gain if truth.to_gain else True


def _has_gate(acted: Acted) -> bool:
    """Return whether an arm stops anything: an arm without a gate only overwrites what it has put in service."""
    return not acted.arm.startswith("always")
