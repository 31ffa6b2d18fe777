"""Says what a watch says of a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Health:
    """Says how a deployment does."""

    status: Literal["healthy", "unhealthy", "waiting", "inconclusive", "next_step"]
    """``healthy`` is completed, ``unhealthy`` is undone. ``inconclusive`` asks people: the time is over, and nothing
    has shown how it does. ``next_step``: it has earned a larger share, and is asked again after it got that."""
    reasons: tuple[str, ...]
    seconds: float
    """Says how long the probe took."""
