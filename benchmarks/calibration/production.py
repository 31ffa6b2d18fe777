"""Simulated production: many columns whose days differ a little from each other, as healthy days do.

Each column is a fixed monotone map of a hidden normal variable. A day moves that variable by a random step, the wobble,
and a fault moves it on purpose, so that all sizes are in the same unit: standard deviations of the hidden variable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from airmedic_core.windows import Window

START = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday
CATEGORICAL_EVERY = 5
"""Every fifth column holds categories."""


@dataclass(frozen=True)
class World:
    """Says how production wobbles."""

    name: str = "as designed"
    columns: int = 200
    rows: int = 2000
    reference_days: int = 30
    wobble_sd: float = 0.05
    shared_fraction: float = 0.0
    """Share of the wobble's variance that all columns have in common."""
    tails: Literal["normal", "heavy"] = "normal"
    """Heavy: Student's t with three degrees of freedom, scaled to the same variance."""
    weekend_sd: float = 0.0
    """Says how far Saturdays and Sundays lie from other days."""
    weekday_sd: float = 0.0
    """Says how far each day of the week lies from the others, in each column in its own way."""
    hour_sd: float = 0.0
    """Says how far the highest hour of the day lies from the middle, in each column at its own time."""
    window_hours: Literal[1, 24] = 24
    clock_goes_forward_at: int | None = None
    """The window from which the wave of the day comes an hour earlier, as with daylight saving time."""

    @property
    def numeric(self) -> list[str]:
        """Names of the columns of numbers."""
        return [f"n{at:03}" for at in range(self.columns) if at % CATEGORICAL_EVERY]

    @property
    def categorical(self) -> list[str]:
        """Names of the columns of categories."""
        return [f"c{at:03}" for at in range(self.columns) if at % CATEGORICAL_EVERY == 0]

    @property
    def reference_windows(self) -> int:
        """Windows of the reference; the next one is the first that is monitored."""
        return self.reference_days * 24 // self.window_hours

    def window(self, day: int) -> Window:
        """Return the window of a day (or hour), numbered from the start of the reference."""
        length = timedelta(hours=self.window_hours)
        return Window(START + day * length, START + (day + 1) * length)

    def draw(self, day: int, rng: np.random.Generator, moved_sd: dict[str, float] | None = None) -> pd.DataFrame:
        """Draw the rows of a day (or hour), with some columns moved."""
        hidden = rng.standard_normal((self.rows, self.columns)) + self._wobble(rng) + self._season(day)
        seconds = np.sort(rng.integers(0, 3600 * self.window_hours, self.rows))
        rows: dict[str, object] = {"time": pd.Timestamp(self.window(day).start) + pd.to_timedelta(seconds, unit="s")}
        for at in range(self.columns):
            name = f"{'n' if at % CATEGORICAL_EVERY else 'c'}{at:03}"
            rows[name] = _observed(at, hidden[:, at] + (moved_sd or {}).get(name, 0.0))
        return pd.DataFrame(rows)

    def draw_reference(self, rng: np.random.Generator) -> pd.DataFrame:
        """Draw the days before monitoring begins."""
        return pd.concat([self.draw(day, rng) for day in range(self.reference_windows)], ignore_index=True)

    def _season(self, day: int) -> NDArray[np.float64]:
        start = self.window(day).start
        own = np.random.default_rng(5)  # the same in every draw: seasons come back
        weekdays = self.weekday_sd * own.standard_normal((7, self.columns))
        hour = start.hour + (self.clock_goes_forward_at is not None and day >= self.clock_goes_forward_at)
        waves = self.hour_sd * np.cos(2.0 * np.pi * (hour / 24.0 - own.random(self.columns)))
        return np.asarray(weekdays[start.weekday()] + waves + self.weekend_sd * (start.weekday() >= 5))

    def _wobble(self, rng: np.random.Generator) -> NDArray[np.float64]:
        if self.tails == "heavy":
            own = rng.standard_t(3, self.columns) / np.sqrt(3.0)
        else:
            own = rng.standard_normal(self.columns)
        shared = rng.standard_normal()
        mixed = np.sqrt(1.0 - self.shared_fraction) * own + np.sqrt(self.shared_fraction) * shared
        return np.asarray(self.wobble_sd * mixed)


def _observed(at: int, hidden: NDArray[np.float64]) -> NDArray[np.float64] | NDArray[np.str_]:
    if at % CATEGORICAL_EVERY == 0:
        categories = (3, 6, 12, 24)[at // CATEGORICAL_EVERY % 4]
        shares = 0.8 ** np.arange(categories)
        cuts = ndtri(np.cumsum(shares / shares.sum())[:-1])
        return np.array([f"group {number}" for number in range(categories)])[np.searchsorted(cuts, hidden)]
    kind = at % 4
    if kind == 0:
        return hidden
    if kind == 1:
        return np.exp(hidden)
    if kind == 2:
        return np.asarray(100.0 * ndtr(hidden))
    return np.floor(np.exp(1.5 + 0.8 * hidden))
