"""Memory over windows: slow drift that no single window shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cusum:
    """Two-sided cumulative sum of signed z-scores.

    With an allowance of 0.5, a sum exceeds 5 about ten windows after a lasting shift of one standard deviation, and by
    chance once in about 465 independent windows. Which level alarms is for the caller to say.

    Notes
    -----
    Page 1954, Continuous inspection schemes, Biometrika 41:100–115; run lengths from Montgomery, Introduction to
    Statistical Quality Control, table 9.4.
    """

    allowance: float = 0.5

    def run(self, scores: Iterable[float]) -> tuple[float, int]:
        """Return the larger of the two sums after the last score, signed, and since how many windows it has grown."""
        up = down = 0.0
        up_since = down_since = 0
        for score in scores:
            up = max(0.0, up + score - self.allowance)
            down = max(0.0, down - score - self.allowance)
            up_since = up_since + 1 if up > 0 else 0
            down_since = down_since + 1 if down > 0 else 0
        return (up, up_since) if up >= down else (-down, down_since)
