"""Says what a check is given: the batch, what it is compared with, and what is known of earlier windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.comparison.facts import RowFacts
from airmedic_core.metrics import Array
from airmedic_core.records import ABNORMAL, Assessment, Batch, Finding
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.profile import Profile, Reference
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.settings import Settings

RECENT_WINDOWS = 7
"""Healthy windows since the reference from which the newest ones, twice as many, say what is usual now: two weeks of
days, so that each weekday is in them twice."""
NEW_FOR_WINDOWS = 5
"""A version counts as new for so many windows."""
MOST_PAST = 60
"""Windows of production that are looked back at: two months of days. Older ones say little of what is usual."""


@dataclass(frozen=True)
class LabelledRows:
    """Rows whose labels are known, with what the model answered."""

    frame: pd.DataFrame
    labels: Array
    """They are as :class:`~airmedic_core.metrics.Metric` takes them."""
    scores: Array
    losses: Array
    windows: NDArray[np.intp]
    """The window of each row, numbered from 0."""
    earlier: Window | None = None
    """The earlier window that they are of, where the labels of the window in question have not arrived."""

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class PastWindow:
    """An earlier window of production."""

    window: Window
    rows: int
    version: str | None = None
    assessment: Assessment | None = None
    profile: Profile | None = None
    facts: RowFacts | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def healthy(self) -> bool:
        """Say whether later windows may be compared with it."""
        return self.assessment is not None and self.assessment.outcome != "incident"

    @property
    def watched(self) -> bool:
        """Say whether something in it was conspicuous, and waits for the next window to confirm it."""
        return self.assessment is not None and self.assessment.outcome == "watch"

    @property
    def unbroken(self) -> bool:
        """Say whether its data were in order, wherever they lay."""
        return self.healthy or (self.assessment is not None and not self.assessment.cause.lies_in_data)

    @property
    def sound(self) -> bool:
        """Say whether its data were in order, whatever the model did."""
        return self.healthy or (self.assessment is not None and self.assessment.cause.traits.leaves_inputs)


@dataclass(frozen=True)
class CheckContext:
    """Everything a check may look at."""

    spec: ModelSpec
    batch: Batch
    frame: pd.DataFrame
    """The rows of the window, in the order of their times; of a large window a sample of them."""
    reference: Reference
    profile: Profile
    """The profile of all rows of the window, on the reference's edges; its scores and segments are of the rows in
    :attr:`frame`."""
    scored: ScoredBatch | None = None
    """Says what the model in production said of the rows."""
    labelled: LabelledRows | None = None
    """The newest rows whose labels have had time to arrive: of this window, or of an earlier one."""
    history: tuple[PastWindow, ...] = ()
    """Newest first."""
    settings: Settings | None = None
    facts_of: Callable[[], RowFacts] | None = None
    """Returns the facts of this window's rows."""
    reference_facts_of: Callable[[], tuple[RowFacts, ...]] | None = None
    """Returns the facts of the reference's windows, oldest first; empty where its rows cannot be read any more."""
    reference_rows_of: Callable[[], pd.DataFrame | None] | None = None
    every_reference_row_of: Callable[[], pd.DataFrame | None] | None = None
    """Returns all rows of the reference in the order of their times; None where they are not at hand, or where the
    window is a sample of the same time."""
    baseline_of: Callable[[], LabelledRows | None] | None = None
    previous_of: Callable[[], tuple[str, Array] | None] | None = None
    only_window: bool = False
    """Says whether no later window will confirm what is watched: this one must decide."""
    part_of_window: bool = False
    """Says whether the rows are a part of a window, so that nobody knows how many there should be."""
    served_before: str | None = None
    """The version that served before the history began."""
    sampled: bool = False
    """Says whether :attr:`frame` is a sample. How many rows there are says :attr:`batch`."""

    @property
    def rows_seen(self) -> int:
        """Rows that a check of single rows can look at."""
        return len(self.frame) if self.sampled else self.batch.rows

    @cached_property
    def facts(self) -> RowFacts:
        """Return what only the rows themselves show."""
        return self.facts_of() if self.facts_of else RowFacts(len(self.frame))

    @cached_property
    def reference_facts(self) -> tuple[RowFacts, ...]:
        """The same of the reference's windows, oldest first."""
        return self.reference_facts_of() if self.reference_facts_of else ()

    @cached_property
    def reference_rows(self) -> pd.DataFrame | None:
        """A bounded sample of the reference's rows; None where they cannot be read any more."""
        return self.reference_rows_of() if self.reference_rows_of else None

    @cached_property
    def every_reference_row(self) -> pd.DataFrame | None:
        """All of the reference's rows in the order of their times.

        None where nothing came after them, or where they are not at hand.
        """
        return self.every_reference_row_of() if self.every_reference_row_of else None

    @cached_property
    def baseline(self) -> LabelledRows | None:
        """Labelled rows of the reference that the model was not fitted on; None where there are none."""
        return self.baseline_of() if self.baseline_of else None

    @cached_property
    def previous(self) -> tuple[str, Array] | None:
        """The version that served before this one, and its scores of the labelled rows; None if none is new."""
        return self.previous_of() if self.previous_of else None

    @cached_property
    def earlier_version(self) -> str | None:
        """The version that served before this one, if this one is new."""
        if self.scored is None or not self.scored.version:
            return None
        served = [past.version for past in self.history[:NEW_FOR_WINDOWS]] + [self.served_before]
        return next((version for version in served if version and version != self.scored.version), None)

    @cached_property
    def past_profiles(self) -> list[Profile]:
        """Profiles of windows that count as healthy: the reference's, then those since, oldest first."""
        # A day of 24 hours is a whole window, whatever the spec calls enough.
        least = min(self.spec.window.min_rows, max(self.batch.rows // 2, 1))
        known = [window.profile for window in self.reference.windows if window.profile.rows >= least]
        # What was first conspicuous in the window before is not usual yet: this window may confirm it.
        settled = self.history[1:MOST_PAST] if self.history and self.history[0].watched else self.history[:MOST_PAST]
        since = [past.profile for past in reversed(settled) if past.healthy and past.profile is not None]
        comparable = [
            profile for profile in since if profile.rows >= least and profile.edges.id == self.profile.edges.id
        ]
        return known + comparable

    @cached_property
    def since_reference(self) -> list[Profile]:
        """Profiles of the windows since the reference ended, watched ones too, oldest first.

        What was seen before the reference was renewed says nothing about it.
        """
        end = self.reference.window.end if self.reference.window is not None else None
        return [
            past.profile
            for past in reversed(self.history[:MOST_PAST])
            if past.unbroken and past.profile is not None and past.profile.edges.id == self.profile.edges.id
            and (end is None or past.window.end > end)
        ]  # fmt: skip

    @cached_property
    def profile_before(self) -> Profile | None:
        """The profile of the window before; None where it is of another reference, or its data were not in order."""
        newest = self.history[0] if self.history else None
        if newest is None or newest.profile is None or not newest.unbroken:
            return None
        return newest.profile if newest.profile.edges.id == self.profile.edges.id else None

    @cached_property
    def recent(self) -> Profile:
        """The profile that a sudden change is seen against: the newest healthy windows, or the whole reference.

        Seasons move inputs far from the reference by small steps; a fault moves them at once.
        """
        since = len(self.past_profiles) - len(self.reference.windows)
        if since < RECENT_WINDOWS:
            return self.reference.whole
        return reduce(lambda merged, profile: merged.merge(profile), self.past_profiles[-2 * RECENT_WINDOWS :])

    @cached_property
    def past_facts(self) -> list[RowFacts]:
        """Facts of windows that count as sound: the reference's, then those since, oldest first; none of samples."""
        since = [past.facts for past in reversed(self.history[:MOST_PAST]) if past.sound and past.facts is not None]
        return [facts for facts in (*self.reference_facts, *since) if facts.rows and facts.whole]

    @cached_property
    def features(self) -> tuple[str, ...]:
        """The model's inputs."""
        return (*self.profile.edges.numeric, *self.profile.edges.categorical)

    def conspicuous_in(self, key: str) -> tuple[PastWindow, ...]:
        """Return the earlier windows in which a finding was conspicuous, newest first."""
        return tuple(
            past
            for past in self.history
            if any(finding.key == key and finding.verdict in ABNORMAL for finding in past.findings)
        )

    def seen_before(self, key: str) -> Finding | None:
        """Return the same finding of the window before, if it was already conspicuous there."""
        if not self.history:
            return None
        findings = self.history[0].findings
        return next((finding for finding in findings if finding.key == key and finding.verdict in ABNORMAL), None)
