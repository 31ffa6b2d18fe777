"""The configuration critic: proposes to move a threshold where it raised false alarms and would miss no real one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.review.replay import PastWindow, Threshold, past_windows, silenced, strengths

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

THRESHOLDS = (
    Threshold("drift", "least_effect", "effect", 2.0),
    Threshold("estimate", "least_relative_rise", "effect", 2.0, names_itself=False),
    Threshold("anomalies", "limit_fraction", "value", 1.5),
    Threshold("latency", "p99_ms", "value", 1.5),
)
"""What a review may move. Data checks are left to people: a fault that is passed over is trained on."""
WINDOWS = 60
FALSE_ALARMS_LEAST = 3
"""False alarms before a threshold is in question at all."""


@dataclass(frozen=True)
class Suggestion:
    """A change to one setting, with what it would have done."""

    key: str
    before: float
    after: float
    windows: int
    """Windows it was played back over."""
    spared: tuple[str, ...]
    """Windows whose false alarm it would have silenced."""
    kept: int
    """Windows with a real alarm, all of which it would have kept."""

    @property
    def value(self) -> float:
        """What would stand under its key."""
        return self.after

    @property
    def sentence(self) -> str:
        """The change and its effect in words."""
        return (
            f"With {self.key} at {self.after:g} in place of {self.before:g}, {len(self.spared)} false alarms of the "
            f"last {self.windows} windows would not have been raised ({', '.join(self.spared[:5])}), and none of the "
            f"{self.kept} real ones would have been missed."
        )


def suggestions(ws: Workspace, *, most_windows: int = WINDOWS) -> list[Suggestion]:
    """Return the changes that the last windows speak for.

    An alarm was false if its incident was rejected or turned out harmless, real if its incident ended otherwise. A
    threshold moves just above the false alarms that it can silence without silencing a real one, and never by more
    than its factor. The change that spares most comes first.
    """
    windows = past_windows(ws, most=most_windows)
    found = [_suggestion(ws, threshold, windows) for threshold in THRESHOLDS]
    return sorted((each for each in found if each is not None), key=lambda each: -len(each.spared))


def _suggestion(ws: Workspace, threshold: Threshold, windows: list[PastWindow]) -> Suggestion | None:
    before = _current(ws, threshold)
    if before is None:
        return None
    strongest = {
        window.seen.batch.id: max(found) for window in windows if (found := strengths(window, threshold, before))
    }
    false = [window for window in windows if window.turned_out == "false" and window.seen.batch.id in strongest]
    real = [window for window in windows if window.turned_out == "real" and window.seen.batch.id in strongest]
    if len(false) < FALSE_ALARMS_LEAST:
        return None
    ceiling = min([before * threshold.most_factor, *(strongest[window.seen.batch.id] for window in real)])
    for strength in sorted((strongest[window.seen.batch.id] for window in false), reverse=True):
        after = _just_above(strength)
        spared = [str(window.seen.batch.window) for window in false if silenced(window, threshold, before, after)]
        if before < after <= ceiling and spared:
            return Suggestion(threshold.key, before, after, len(windows), tuple(spared), len(real))
    return None


def _current(ws: Workspace, threshold: Threshold) -> float | None:
    """Return the threshold's value now, or nothing where the check is left out."""
    from airmedic_core.checks import options_for

    if ws.spec.checks.get(threshold.check) is False:
        return None
    value = getattr(options_for(ws.spec, threshold.check), threshold.option, None)
    return float(value) if value else None


def _just_above(strength: float) -> float:
    """Return the next larger number with two significant digits: a threshold that people can read."""
    step = 10.0 ** (math.floor(math.log10(strength)) - 1) if strength > 0 else 0.01
    return round((math.floor(strength / step) + 1) * step, 12)
