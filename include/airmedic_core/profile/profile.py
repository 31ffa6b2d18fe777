"""The profile of a batch: small, additive, comparable with every other profile on the same edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from airmedic_core.profile.column_json import (
    column_from_json,
    column_to_json,
    numeric_from_json,
    require_numbers,
    window_from_json,
    window_to_json,
)
from airmedic_core.profile.columns import ColumnProfile, Counts, Floats, NumericProfile, ProfileError
from airmedic_core.profile.edges import Edges
from airmedic_core.records import Json
from airmedic_core.windows import Window

FORMAT_VERSION = 1
"""Version of the form of stored profiles; a profile stored in another version is not read."""


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

    def to_json(self) -> Json:
        """Return the profile as plain JSON."""
        return {
            "scores": column_to_json(self.scores),
            "labelled": self.labelled.tolist(),
            "label_totals": self.label_totals.tolist(),
            "score_totals": self.score_totals.tolist(),
            "loss_totals": self.loss_totals.tolist(),
        }

    @classmethod
    def from_json(cls, plain: Json, cuts: Floats) -> ScoreProfile:
        """Return the profile that :meth:`to_json` wrote, of scores with these cut points."""
        return cls(
            scores=numeric_from_json(cuts, plain["scores"]),
            labelled=np.asarray(plain["labelled"], np.int64),
            label_totals=np.asarray(plain["label_totals"], float),
            score_totals=np.asarray(plain["score_totals"], float),
            loss_totals=np.asarray(plain["loss_totals"], float),
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
    """The profile of each segment, by ``column=value``."""
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
        plain: Json = {
            "format_version": FORMAT_VERSION,
            "edges_id": self.edges.id,
            "rows": self.rows,
            "window": None if self.window is None else window_to_json(self.window),
            "missing": sorted(self.missing),
            "columns": {name: column_to_json(column) for name, column in self.columns.items()},
            "segments": {name: vars(segment) for name, segment in self.segments.items()},
            "scores": None if self.scores is None else self.scores.to_json(),
        }
        if edges:
            plain["edges"] = self.edges.to_json()
        return plain

    @classmethod
    def from_json(cls, plain: Json, edges: Edges | None = None) -> Profile:
        """Return the profile that :meth:`to_json` wrote.

        Raises
        ------
        ProfileError
            If it was written by a newer version, or without edges and none are given, or on other edges than those.
            A retry does not help.
        """
        version = plain.get("format_version")
        if version != FORMAT_VERSION:
            raise ProfileError(
                f"The profile has format {version!r}, this version reads {FORMAT_VERSION}.",
                "Build it again from its rows, or update airmedic.",
            )
        if edges is None:
            if "edges" not in plain:
                raise ProfileError("The profile was stored without edges.", "Give the edges of its reference.")
            edges = Edges.from_json(plain["edges"])
        elif edges.id != plain["edges_id"]:
            raise ProfileError("The profile was built on other edges.", "Give the edges of its own reference.")
        require_numbers(plain, ("rows",))
        return cls(
            edges=edges,
            rows=plain["rows"],
            columns={name: column_from_json(edges, name, column) for name, column in plain["columns"].items()},
            scores=_scores_from_json(edges, plain["scores"]),
            segments={name: SegmentProfile(**segment) for name, segment in plain["segments"].items()},
            missing=frozenset(plain["missing"]),
            window=None if plain["window"] is None else window_from_json(plain["window"]),
        )


def _scores_from_json(edges: Edges, plain: Json | None) -> ScoreProfile | None:
    if plain is None:
        return None
    if edges.scores is None:
        raise ProfileError("The profile holds scores, its edges do not.", "Give the edges of its own reference.")
    return ScoreProfile.from_json(plain, edges.scores)


def _merge(first: ColumnProfile, second: ColumnProfile) -> ColumnProfile:
    if type(first) is not type(second):
        raise ProfileError("The profiles have columns of different kinds.", "Build both with one reference's edges.")
    merged: ColumnProfile = first.merge(second)  # type: ignore[arg-type]
    return merged


def _span(first: Window | None, second: Window | None) -> Window | None:
    if first is None or second is None:
        return first or second
    return Window(min(first.start, second.start), max(first.end, second.end))
