"""Says when a window counts as stale: what a team may set, and what the check takes for granted."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from airmedic_core.checks import CheckOptions


class Options(CheckOptions):
    """Says when a window counts as stale."""

    repeated_fraction: float = Field(default=0.3, gt=0, le=1)
    """Rows that stood in an earlier window already, beyond the share that is usual. Below half of the rows that are
    usually new, a second window must confirm it. Three rows in ten: a convention."""
    repeated_values: float = Field(default=0.7, gt=0, le=1)
    """Values of one column that repeat an earlier window's at the same times, beyond what is usual. A convention: more
    than two in three."""
    windows: int = Field(default=14, ge=1)
    """Sets how many earlier windows are compared. Two weeks of days, so that each weekday is there twice."""


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set. *Tuned* means chosen on ``benchmarks/incidents/run.py --split tune``."""

    repeated_values: float = 0.9
    """Values of a column that must repeat, whatever is usual: a stuck load repeats all, but for late rows. Tuned."""
    windows: int = 3
    """Earlier windows that must hold the column before anything is called usual for it."""
    distinct: int = 5
    """Values that a column must take: of fewer, most are the same at equal times by chance."""
    top_share: float = 0.5
    """Largest share of one value, for the same reason."""
    same_outcomes: float = 0.5
    """Says how far towards full agreement, from that of chance, the outcomes of repeated rows must lie: rows that were
    delivered again agree in all of them, rows that look alike by chance in no more than chance gives."""
    sketch_error: float = 0.06
    """Of a share that is estimated from a sketch (95 %, 256 hashes)."""
    never_alike: float = 0.1
    """Rows whose inputs may usually come again where inputs that all do, with other outcomes, are stale ones."""
    stretches: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    """Rows in a row that are looked for in the reference. The shortest that its halves hardly share is taken."""
    least_stretches: int = 20
    """Different stretches, on either side, below which nothing is said of an order."""
    usually_in_order: float = 0.02
    """Share of the stretches of one half of the reference that the other may have, for an order to mean anything."""
    known_outcomes: float = 0.95
    """Of the rows whose outcome must be there before it is compared: an outcome that came late is a difference."""
    blocks: int = 20
    """Parts in time, of which every second one is held against the others, as for rows that coincide."""
    pairs: int = 40
    """Pairs of earlier windows from which the usual share is taken, the newest. It bounds the time: 14 windows make 91
    pairs, and the largest share of 40 is already close to that of all."""


LIMITS = Limits()
