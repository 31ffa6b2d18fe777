"""The history of data incidents: which column was at fault in which windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from airmedic_core.diagnose.wording import plain
from airmedic_core.records import Cause, Finding, Verdict
from airmedic_core.review.replay import ReviewedWindow

RECURS = 2
"""Windows with the same fault from which it is no accident."""


@dataclass(frozen=True)
class Fault:
    """The same fault of one subject, in one or more windows."""

    cause: Cause
    subject: str
    """A column, or ``batch``."""
    windows: tuple[ReviewedWindow, ...]
    """Newest first."""

    @property
    def key(self) -> str:
        """Identity of the fault up to its newest window: it changes when the fault is seen again."""
        return f"{self.cause.value}:{self.subject}:{self.windows[0].seen.batch.window.key}"

    def recommendation(self, upstream_dag: str) -> str:
        """Return what the pipeline in front of the model should do, in one sentence, for people."""
        days = ", ".join(str(window.seen.batch.window) for window in self.windows[:5])
        what = "The batch" if self.subject == "batch" else f"The column {plain(self.subject)}"
        whose = f"The pipeline {upstream_dag}" if upstream_dag else "Whoever delivers the rows"
        return (
            f"{what} had {self.cause.words} in {len(self.windows)} windows ({days}). "
            f"{whose} could {self.cause.traits.prevention}."
        )


def is_faulty(window: ReviewedWindow) -> bool:
    """Say whether a window's data were at fault, and no person said otherwise."""
    assessed = window.seen.assessment
    blamed = assessed is not None and assessed.outcome == "incident" and assessed.cause.lies_in_data
    return blamed and window.turned_out != "false"


def is_sound(window: ReviewedWindow) -> bool:
    """Say whether nothing stood out in a window."""
    return window.seen.assessment is not None and window.seen.assessment.outcome == "healthy"


def recurring_faults(windows: Sequence[ReviewedWindow]) -> list[Fault]:
    """Return the faults that came back, the most frequent first.

    Parameters
    ----------
    windows : sequence of ReviewedWindow
        The last windows, newest first.
    """
    windows_by_fault: dict[tuple[Cause, str], list[ReviewedWindow]] = {}
    for window in windows:
        if is_faulty(window):
            for key in sorted({(cause, finding.subject) for finding in window.alarms for cause in _at_fault(finding)}):
                windows_by_fault.setdefault(key, []).append(window)
    faults = [
        Fault(cause, subject, tuple(seen)) for (cause, subject), seen in windows_by_fault.items() if len(seen) >= RECURS
    ]
    return sorted(faults, key=lambda fault: -len(fault.windows))


def _at_fault(finding: Finding) -> tuple[Cause, ...]:
    if finding.verdict is not Verdict.ALERT:
        return ()
    return tuple(cause for cause in finding.suggests[:1] if cause.lies_in_data)
