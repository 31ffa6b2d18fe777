"""Says what pictures and tables of reports show: the metric of a window, and the move of a column."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airmedic_core.windows import Window


@dataclass(frozen=True)
class MetricPoint:
    """One window of a model, with the metric that was measured in it."""

    window: Window
    outcome: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    """The interval that the value lies in with near certainty."""
    limit: float | None = None
    """Says what the metric may not pass."""
    higher_is_better: bool | None = None
    drift: float | None = None
    """Says how far the input that moved most has moved, as a share of its limit."""
    version: str = ""
    """The version that it was measured of, and whose accepted level ``limit`` is; empty where that is not known."""

    @property
    def middle(self) -> datetime:
        """The moment in the middle of the window."""
        return self.window.start + (self.window.end - self.window.start) / 2


@dataclass(frozen=True)
class Move:
    """Says how far one column has moved."""

    column: str
    moved: float
    usual: float
    """Says how far it moves from one window to the next in 95 % of them, and at least what counts at all."""
    unit: str
    verdict: str

    @property
    def of_usual(self) -> float:
        """Return how far it has moved as a share of its usual range: up to 1 is usual."""
        return abs(self.moved / self.usual)
