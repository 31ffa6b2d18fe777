"""Says when a column counts as moved."""

from __future__ import annotations

from pydantic import Field

from airmedic_core.checks import CheckOptions


class Options(CheckOptions):
    """Says when a column counts as moved."""

    false_discovery_rate: float = Field(default=0.05, gt=0, lt=1)
    """Expected share of false ones among the columns that are called conspicuous. The usual 5 %; docs/detection.md
    shows what other rates cost."""
    least_effect: float = Field(default=0.1, ge=0)
    """Smaller moves of numbers are of no interest: standard deviations. Half of what Cohen 1988 calls a small
    effect."""
    least_share: float = Field(default=0.03, ge=0, le=1)
    """Smaller moves of a category's share are of no interest. What 0.1 standard deviations are for a category of a
    tenth of the rows."""
    large_effect: float = Field(default=0.2, ge=0)
    """A move of numbers that is an alert in its first window: standard deviations. A small effect by Cohen 1988."""
    large_share: float = Field(default=0.08, ge=0, le=1)
    """A move of a category's share that is an alert in its first window. What 0.2 standard deviations are for a
    category of a fifth of the rows."""
    psi_limit: float | None = Field(default=None, gt=0)
    """A fixed limit on the population stability index of every column, in place of all of the above."""
    psi_limits: dict[str, float] = Field(default_factory=dict)
    """The same for single columns."""
    slow_level: float = Field(default=8.0, gt=0)
    """Level of the cumulative sum that finds slow drift: watched above it, an alert if the window before was, too.
    Without drift it is reached once in about 9,600 windows (Siegmund 1985, two-sided, allowance 0.5)."""
