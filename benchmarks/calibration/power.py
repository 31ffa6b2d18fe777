"""Power: how often a real change is found, by its size, on the first and by the second day it lasts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from monitored import Monitored
from other_methods import OtherMethods, shares
from production import World

from airmedic_core.records import Verdict

HEALTHY_DAYS = 14
"""Watched before the change begins."""
Change = Callable[[int, np.random.Generator, list[str], float], pd.DataFrame]
"""From the day, a generator, the columns and the size to the rows of a changed day."""


@dataclass(frozen=True)
class Point:
    """Says how often a change of one size was found; shares of the changed columns."""

    size: float
    columns: int
    """Columns that changed in each trial."""
    trials: int
    watched_first_day: float
    """Watch or alert on the first day."""
    first_day: float
    """Alert on the first day."""
    second_day: float
    """Alert on the first or the second day."""
    incident_second_day: float
    """Share of trials that were an incident by the second day: what a person hears of."""
    others: dict[str, float]
    """Says what the other methods found on the first day."""


class Power:
    """A model with a healthy past, in which changes begin again and again."""

    def __init__(
        self,
        world: World,
        seed: int,
        *,
        data_checks: bool = False,
        options: dict[str, Any] | None = None,
        healthy_days: int = HEALTHY_DAYS,
    ) -> None:
        self.world = world
        self.rng = np.random.default_rng(seed)
        reference = world.draw_reference(self.rng)
        if data_checks:
            off = ("quality", "volume", "freshness", "schema", "units")
            self.model = Monitored(world, reference, ("data",), off)
        else:
            self.model = Monitored(world, reference, options=options or {})
        self.others = OtherMethods(reference, world.numeric, world.categorical)
        self.today = world.reference_windows + healthy_days
        for day in range(world.reference_windows, self.today):
            self.model.check(day, world.draw(day, self.rng))

    def curve(
        self,
        change: Change,
        sizes: Iterable[float],
        *,
        among: list[str],
        columns: int = 10,
        trials: int = 8,
        with_others: bool = True,
    ) -> list[Point]:
        """Return one point for each size; each trial draws its columns and both of its days anew."""
        return [self._point(change, size, among, columns, trials, with_others) for size in sizes]

    def _point(
        self, change: Change, size: float, among: list[str], columns: int, trials: int, with_others: bool
    ) -> Point:
        seen: dict[str, list[float]] = {name: [] for name in ("watched", "first", "second", "incident")}
        others: dict[str, list[float]] = {}
        for _ in range(trials):
            moved = [str(name) for name in self.rng.choice(among, columns, replace=False)]
            model = copy.copy(self.model)
            alerts, watched, incident = set(), set(), False
            for day in (self.today, self.today + 1):
                frame = change(day, self.rng, moved, size)
                findings, assessment = model.check(day, frame)
                alerts |= {finding.subject for finding in findings if finding.verdict is Verdict.ALERT}
                incident |= assessment.outcome == "incident"
                if day == self.today:
                    watched = alerts | {finding.subject for finding in findings if finding.verdict is Verdict.WATCH}
                    seen["watched"].append(_share(moved, watched))
                    seen["first"].append(_share(moved, alerts))
                    if with_others:
                        for name, share in shares(self.others.judge(frame, moved), moved).items():
                            others.setdefault(name, []).append(share)
            seen["second"].append(_share(moved, alerts))
            seen["incident"].append(float(incident))
        mean = {name: float(np.mean(values)) for name, values in seen.items()}
        means = {name: float(np.mean(values)) for name, values in others.items()}
        return Point(size, columns, trials, mean["watched"], mean["first"], mean["second"], mean["incident"], means)

    def shift(self, day: int, rng: np.random.Generator, moved: list[str], size: float) -> pd.DataFrame:
        """Move columns by so many standard deviations, every second one down; the next day the same way."""
        return self.world.draw(day, rng, {name: size * (-1.0) ** at for at, name in enumerate(moved)})

    def nulls(self, day: int, rng: np.random.Generator, moved: list[str], size: float) -> pd.DataFrame:
        """Lose so large a share of the values of columns that usually have none missing."""
        frame = self.world.draw(day, rng)
        for name in moved:
            frame[name] = frame[name].mask(rng.random(len(frame)) < size)
        return frame

    def category(self, day: int, rng: np.random.Generator, moved: list[str], size: float) -> pd.DataFrame:
        """Move so large a share of the rows into the most frequent category."""
        frame = self.world.draw(day, rng)
        for name in moved:
            first = frame[name] == "group 0"
            chance = min(size / max(1.0 - float(first.mean()), 1e-9), 1.0)
            frame[name] = frame[name].mask(~first & (rng.random(len(frame)) < chance), "group 0")
        return frame


def _share(moved: list[str], columns: set[str]) -> float:
    return float(np.mean([name in columns for name in moved]))


@dataclass(frozen=True)
class SlowDrift:
    """Says how long a column drifts before it is found."""

    sd_per_day: float
    columns: int
    most_days: int
    watched_after_days: float | None
    """Median over the columns; None where half of them were not found in time."""
    alert_after_days: float | None


def slow_drift(world: World, *, seed: int, sd_per_day: float, columns: int = 10, most_days: int = 60) -> SlowDrift:
    """Let columns drift by a small step each day, and note when each is first watched and first an alert."""
    power = Power(world, seed)
    moved = [str(name) for name in power.rng.choice(world.numeric, columns, replace=False)]
    watched, alert = dict.fromkeys(moved, np.inf), dict.fromkeys(moved, np.inf)
    for step in range(1, most_days + 1):
        day = power.today + step - 1
        findings, _ = power.model.check(day, world.draw(day, power.rng, dict.fromkeys(moved, step * sd_per_day)))
        for finding in findings:
            if finding.subject in alert and finding.verdict in (Verdict.WATCH, Verdict.ALERT):
                watched[finding.subject] = min(watched[finding.subject], step)
                if finding.verdict is Verdict.ALERT:
                    alert[finding.subject] = min(alert[finding.subject], step)
        if all(np.isfinite(list(alert.values()))):
            break

    def middle(days: dict[str, float]) -> float | None:
        median = float(np.median(list(days.values())))
        return median if np.isfinite(median) else None

    return SlowDrift(sd_per_day, columns, most_days, middle(watched), middle(alert))
