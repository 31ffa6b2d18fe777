"""False alarms: healthy days through the checks, counted for each model-day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from monitored import Monitored
from other_methods import OtherMethods
from production import World

from airmedic_core.checks import Group
from airmedic_core.records import Verdict

OTHERS_EVERY = 3
"""The other methods judge every third day: their rates are so high that fewer days measure them well."""


@dataclass(frozen=True)
class FalseAlarms:
    """Holds what happened on healthy days, for each model-day."""

    world: str
    days: int
    alerts: float
    """Column alerts."""
    watches: float
    """Columns that were watched, without an alert."""
    incident_days: float
    """Share of days that ended as an incident: what a person hears of."""
    watch_days: float
    alerts_by_seed: tuple[float, ...]
    others: dict[str, float]
    """Drifted columns for each model-day by method; ``… days`` is the share of days with at least one."""


def false_alarms(
    world: World,
    days: int,
    seeds: Sequence[int],
    *,
    groups: tuple[Group, ...] = ("drift",),
    options: dict[str, Any] | None = None,
    with_others: bool = True,
) -> FalseAlarms:
    """Watch healthy days.

    Parameters
    ----------
    world : World
        The production.
    days : int
        Days to watch with each seed, after those of the reference.
    seeds : sequence of int
        Each draws a production of its own.
    groups : tuple of str
        Groups of checks to run.
    options : dict, optional
        Options of checks, as a spec gives them.
    with_others : bool
        Whether the other methods judge too.
    """
    alerts, watches, outcomes, by_seed = [], [], [], []
    other: dict[str, list[float]] = {}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        reference = world.draw_reference(rng)
        model = Monitored(world, reference, groups, options=options or {})
        methods = OtherMethods(reference, world.numeric, world.categorical)
        for day in range(days):
            number = world.reference_windows + day
            frame = world.draw(number, rng)
            findings, assessment = model.check(number, frame)
            alerts.append(sum(finding.verdict is Verdict.ALERT for finding in findings))
            watches.append(sum(finding.verdict is Verdict.WATCH for finding in findings))
            outcomes.append(assessment.outcome)
            if with_others and day % OTHERS_EVERY == 0:
                said = methods.judge(frame)
                for name, count in {
                    "ks": len(said.ks),
                    "bonferroni": len(said.bonferroni),
                    "evidently": len(said.evidently),
                }.items():
                    other.setdefault(name, []).append(count)
                    other.setdefault(f"{name} days", []).append(float(count > 0))
                other.setdefault("evidently dataset days", []).append(float(said.evidently_dataset))
        by_seed.append(float(np.mean(alerts[-days:])))
    return FalseAlarms(
        world=world.name,
        days=len(alerts),
        alerts=float(np.mean(alerts)),
        watches=float(np.mean(watches)),
        incident_days=float(np.mean([outcome == "incident" for outcome in outcomes])),
        watch_days=float(np.mean([outcome == "watch" for outcome in outcomes])),
        alerts_by_seed=tuple(by_seed),
        others={name: float(np.mean(values)) for name, values in other.items()},
    )
