"""The profile of a batch: small, additive, comparable with every other profile on the same edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from airmedic_core.profile.columns import ColumnProfile, Counts, Floats, NumericProfile, ProfileError
from airmedic_core.profile.edges import Edges
from airmedic_core.records import Json
from airmedic_core.windows import Window

FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class ScoreProfile:
    """The model's scores, and by score bin what their labels and losses add up to."""

    scores: NumericProfile
    labelled: Counts
    """Rows of each bin whose label is known."""
    label_totals: Floats
    """Sum of the known labels in each bin."""
    score_totals: Floats
    """Sum of the scores of the labelled rows in each bin."""
    loss_totals: Floats
    """Sum of the losses in each bin; zero where no losses were given."""

    def merge(self, other: Self) -> Self:
        """Return the profile of both sets of rows together."""
        return type(self)(
            self.scores.merge(other.scores),
            self.labelled + other.labelled,
            self.label_totals + other.label_totals,
            self.score_totals + other.score_totals,
            self.loss_totals + other.loss_totals,
        )


@dataclass(frozen=True)
class SegmentProfile:
    """Rows, labels, scores and losses of one segment, as sums."""

    rows: int = 0
    labelled: int = 0
    score_total: float = 0.0
    """Sum over all rows."""
    label_total: float = 0.0
    """Sum over the labelled rows."""
    loss_total: float = 0.0
    """Sum over the labelled rows."""

    def merge(self, other: Self) -> Self:
        """Return the profile of both sets of rows together."""
        return type(self)(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.score_total + other.score_total,
            self.label_total + other.label_total,
            self.loss_total + other.loss_total,
        )


@dataclass(frozen=True, eq=False)
class Profile:
    """The profile of a set of rows. Build it with :func:`~airmedic_core.profile.build.build_profile`."""

    edges: Edges
    rows: int
    columns: dict[str, ColumnProfile]
    """One for each column of the edges, whether the rows had it or not."""
    scores: ScoreProfile | None = None
    segments: dict[str, SegmentProfile] = field(default_factory=dict)
    """By ``column=value``."""
    missing: frozenset[str] = frozenset()
    """Columns of the edges that the rows did not have at all."""
    window: Window | None = None

    def merge(self, other: Self) -> Self:
        """Return the profile of both sets of rows together; equal to the profile of their concatenation.

        Raises
        ------
        ProfileError
            If the two were built on different edges. A retry does not help.
        """
        if self.edges is not other.edges and self.edges.id != other.edges.id:
            raise ProfileError("The profiles have different edges.", "Build both with the edges of one reference.")
        scores = self.scores or other.scores
        if self.scores is not None and other.scores is not None:
            scores = self.scores.merge(other.scores)
        return type(self)(
            edges=self.edges,
            rows=self.rows + other.rows,
            columns={name: _merge(mine, other.columns[name]) for name, mine in self.columns.items()},
            scores=scores,
            segments={
                name: self.segments.get(name, SegmentProfile()).merge(other.segments.get(name, SegmentProfile()))
                for name in sorted(self.segments.keys() | other.segments.keys())
            },
            missing=self.missing & other.missing,
            window=_span(self.window, other.window),
        )

    def to_json(self, *, edges: bool = True) -> Json:
        """Return the profile as plain JSON; without its edges where they are kept elsewhere."""
        from airmedic_core.profile.serialise import profile_to_json

        return profile_to_json(self, edges=edges)

    @classmethod
    def from_json(cls, plain: Json, edges: Edges | None = None) -> Profile:
        """Return the profile that :meth:`to_json` wrote.

        Raises
        ------
        ProfileError
            If it was written by a newer version, or without edges and none are given.
        """
        from airmedic_core.profile.serialise import profile_from_json

        return profile_from_json(plain, edges)


def _merge(one: ColumnProfile, other: ColumnProfile) -> ColumnProfile:
    if type(one) is not type(other):
        raise ProfileError("The profiles have columns of different kinds.", "Build both with one reference's edges.")
    merged: ColumnProfile = one.merge(other)  # type: ignore[arg-type]
    return merged


def _span(one: Window | None, other: Window | None) -> Window | None:
    if one is None or other is None:
        return one or other
    return Window(min(one.start, other.start), max(one.end, other.end))
