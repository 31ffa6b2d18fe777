"""Says when labels count as broken."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from airmedic_core.checks import CheckOptions


class Options(CheckOptions):
    """Says when labels count as broken. All fractions are of the labels that are known."""

    value_fraction: float = Field(default=0.05, gt=0, le=1)
    """One value apart from all other labels, beyond its usual share. A convention, the same as for an input."""
    constant_fraction: float = Field(default=0.95, gt=0.5, le=1)
    """One value from which a target of numbers counts as constant. A convention: all but one label in twenty."""
    spreads: float = Field(default=5.0, gt=0)
    """Sets how many standard deviations of the reference's parts a fraction must move. As far out as for an input."""


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set."""

    rows: int = 20
    """Labels below which nothing is said: of 20, a value that usually takes half never fills all by chance."""
    value_rows: int = 5
    """Rows of one value apart from all others. Fewer are slips of single rows."""
    favourite: float = 0.65
    """Largest share that any value took in a part of the reference, up to which one value in every row is a fault."""
    gap: float = 0.1
    """Says how far beyond all other labels a stand-in lies, as a part of their range."""
    seldom_repeats: float = 0.1
    """Largest share that any value took in a part of the reference, up to which labels hardly repeat. A convention,
    twice ``value_fraction``."""
    never_repeats: float = 0.02
    """The same for labels that are measured finely: one row in fifty holds one value."""
    times_as_often: float = 10.0
    """Says how many times that share a new value must take among them: a power of ten is no matter of chance."""
    stands_out: float = 2.0
    """Says how many times that share a value must take to stand out among such labels. As for an input."""
    ks_1_percent: float = 1.63
    """Kolmogorov's limit at 1 % (Smirnov 1948), below which the other labels lie as ever."""
    beyond_rows: float = 10.0
    """Labels that are expected beyond a limit, by the least of any part of the reference: none of ten comes by chance
    in one of 22,000 windows (Poisson)."""
    as_usual: float = 0.01
    """Says how likely a share must be by chance to count as the one that is expected."""
    elsewhere: float = 0.9
    """Share of the labels beyond the reference's range from which the whole target lies elsewhere."""
    widths: float = 1.0
    """Says how many widths of the reference's range their middle must then lie beyond it. Growth and seasons move a
    target by parts of its range.
    """
    conversions: tuple[float, ...] = (10.0, 100.0, 1000.0, 1e6, 60.0, 3600.0)
    """Factors by which targets are rescaled: decimal steps, and minutes or seconds for hours."""
    apart: float = 0.8
    """Kolmogorov–Smirnov distance from the reference from which labels may be in another unit."""
    other_scale: float = 5.0
    """Says how many times as wide, or as narrow, labels around zero are in another unit: half of the smallest step that
    is looked for. Their middle does not tell.
    """
    spread_noise: float = 1.8
    """Two standard errors of the distance between the first and the last tenth of one normal label, as a part of it."""
    fits: float = 0.2
    """The same distance that may be left once they are converted back: windows of one target differ by as much."""

    near_place: float = 0.3
    """Natural logarithm of how far their median may lie from the usual one: a third. A season moves a target so far."""
    narrowest: float = 0.2
    """Spread of converted labels, as a part of the usual one or the other way round: one week of a year varies less
    than the year, but is no point."""


LIMITS = Limits()
