"""The pipeline analyst: proposes expectations where data faults came back, and what to mend upstream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError
from airmedic_core.records import Json
from airmedic_core.review.candidate_expectations import candidates, in_words
from airmedic_core.review.faults import RECURS, Fault, is_sound, recurring_faults
from airmedic_core.review.replay import ReviewedWindow, past_windows

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.workspace import Workspace

WINDOWS = 60
_MOST_FAULTS = 3
_MOST_FAULTY = 12
_MOST_SOUND = 24
"""Windows whose rows are read again, of each kind."""


@dataclass(frozen=True)
class ExpectationSuggestion:
    """One expectation, with what it would have done."""

    name: str
    expectation: Json
    caught: tuple[str, ...]
    """Faulty windows that it would have named."""
    faulty: int
    """Windows with a fault of this column that it was played back over."""
    sound: int
    """Windows without any, in none of which it would have alarmed."""

    @property
    def key(self) -> str:
        """Its key in the model spec."""
        return f"quality.expectations.{self.name}"

    @property
    def value(self) -> Json:
        """Return what would stand there."""
        return self.expectation

    @property
    def sentence(self) -> str:
        """The expectation and its effect in words."""
        return (
            f"Expecting {in_words(self.expectation)} would have named {len(self.caught)} of {self.faulty} windows "
            f"with a fault there ({', '.join(self.caught[:5])}), and would have alarmed in none of {self.sound} "
            "sound ones."
        )


@dataclass(frozen=True)
class Analysis:
    """Holds what the history of data incidents suggests."""

    expectations: tuple[ExpectationSuggestion, ...] = ()
    """The one that catches most comes first."""
    faults: tuple[Fault, ...] = ()
    """Says what came back, and should be mended upstream. For people: nothing here is carried out."""


def analyse(ws: Workspace, *, most_windows: int = WINDOWS) -> Analysis:
    """Return expectations that would have named recurring faults, and recommendations for the pipeline in front.

    Each expectation is validated by Great Expectations on the rows of the last windows. One that alarms in a sound
    window, or that the team's own suite holds already, is not suggested. Columns that the spec calls private are left
    out.
    """
    windows = past_windows(ws, most=most_windows)
    faults = [fault for fault in recurring_faults(windows) if fault.subject not in ws.spec.private][:_MOST_FAULTS]
    sound = [window for window in windows if is_sound(window)][:_MOST_SOUND]
    expectations = [
        suggestion for fault in faults if fault.subject != "batch" for suggestion in _suggestions(ws, fault, sound)
    ]
    expectations.sort(key=lambda suggestion: -len(suggestion.caught))
    return Analysis(tuple(expectations), tuple(faults))


@dataclass
class _Tally:
    caught: list[str] = field(default_factory=list)
    alarmed: int = 0


def _suggestions(ws: Workspace, fault: Fault, sound: Sequence[ReviewedWindow]) -> list[ExpectationSuggestion]:
    from airmedic_core.expectations import validate

    good = _rows(ws, fault.subject, sound)
    bad = _rows(ws, fault.subject, fault.windows[:_MOST_FAULTY])
    suite = {
        name: expectation
        for name, expectation in candidates(fault.subject, [frame[fault.subject] for _, frame in good]).items()
        if not _known(ws, name, expectation)
    }
    if not suite or len(bad) < RECURS:
        return []
    tallies = {expectation["type"]: _Tally() for expectation in suite.values()}
    for at_fault, (window, frame) in [*((False, pair) for pair in good), *((True, pair) for pair in bad)]:
        for result in validate(frame, {"expectations": list(suite.values())}, "the candidates"):
            tally = tallies[result.type]
            if at_fault and not result.success and not result.error:
                tally.caught.append(str(window.seen.batch.window))
            elif not at_fault and not result.success:
                tally.alarmed += 1
    kept = [(name, expectation, tallies[expectation["type"]]) for name, expectation in suite.items()]
    return [
        ExpectationSuggestion(name, expectation, tuple(tally.caught), len(bad), len(good))
        for name, expectation, tally in kept
        if not tally.alarmed and len(tally.caught) >= RECURS
    ]


def _known(ws: Workspace, name: str, expectation: Json) -> bool:
    from airmedic_core.checks.quality.suite import read_suite, suite_file

    path = suite_file(ws.spec, ws.settings)
    own = read_suite(path)["expectations"] if path else []
    column = expectation["kwargs"]["column"]
    in_suite = any(listed["type"] == expectation["type"] and listed["kwargs"].get("column") == column for listed in own)
    return in_suite or name in ws.spec.quality.expectations


def _rows(ws: Workspace, column: str, windows: Sequence[ReviewedWindow]) -> list[tuple[ReviewedWindow, pd.DataFrame]]:
    """Return the column's rows of each window that can still be read."""
    from airmedic_core.repair import read_as_repaired

    read = []
    for window in windows:
        try:
            frame = read_as_repaired(ws, window.seen.batch.window, columns=[column])
        except AirmedicError:
            # Old rows may be gone, and a column may have been missing: that window has no say.
            continue
        if len(frame):
            read.append((window, frame))
    return read
