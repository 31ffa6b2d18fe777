"""Profiles of single columns: sums and counts that add up exactly, whatever the slices they were taken from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from airmedic_core.errors import AirmedicError

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Ordered = TypeVar("Ordered", float, datetime)

UNSEEN_NAMES = 50
"""Names of unseen categories that a profile keeps: the first in alphabetical order, so that merging stays exact."""


class ProfileError(AirmedicError):
    """Two profiles do not fit together, or a stored one cannot be read. A retry does not help."""


class _Nulls:
    """Says what is said of the missing values of any column."""

    rows: int
    nulls: int

    @property
    def null_fraction(self) -> float:
        """Share of the rows without a value; 0 without rows."""
        return self.nulls / self.rows if self.rows else 0.0


@dataclass(frozen=True, eq=False)
class NumericProfile(_Nulls):
    """Holds what is kept of a column of numbers.

    Bin ``i`` holds the values above ``edges[i - 1]`` up to and including ``edges[i]``; the first and the last bin are
    open. ``rows == nulls + unreadable + non_finite + counts.sum()``.
    """

    edges: Floats
    """Cut points, ascending; taken from the reference and shared by everything compared with it."""
    rows: int
    nulls: int
    """Missing values; not-a-number counts as missing."""
    non_finite: int
    """Infinite values."""
    unreadable: int
    """Values that are no numbers, such as text."""
    zeros: int
    negatives: int
    minimum: float | None
    """Smallest finite value."""
    maximum: float | None
    """Largest finite value."""
    total: float
    """Sum of the finite values."""
    squares: float
    """Sum of their squared distances from :attr:`centre`."""
    counts: Counts
    """Values in each bin, ``len(edges) + 1``."""
    sums: Floats
    """Sum of the values in each bin."""

    @property
    def values(self) -> int:
        """Number of finite values."""
        return self.rows - self.nulls - self.non_finite - self.unreadable

    @property
    def centre(self) -> float:
        """The middle cut point. Squares are taken around it, so that large values far from zero keep their spread."""
        return centre_of(self.edges)

    @property
    def mean(self) -> float:
        """Mean of the finite values; not-a-number without any."""
        return self.total / self.values if self.values else float("nan")

    @property
    def sd(self) -> float:
        """Standard deviation of the finite values (population form); not-a-number without any."""
        if not self.values:
            return float("nan")
        offset = self.mean - self.centre
        variance = self.squares / self.values - offset * offset
        # Squares of numbers near the largest float are infinite, and so is what is left of them.
        return float(np.sqrt(max(variance, 0.0))) if np.isfinite(variance) else float("inf")

    def merge(self, other: Self) -> Self:
        """Return the profile of both sets of rows together."""
        if not np.array_equal(self.edges, other.edges):
            raise ProfileError("The profiles have different edges.", "Build both with the edges of one reference.")
        return type(self)(
            edges=self.edges,
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            non_finite=self.non_finite + other.non_finite,
            unreadable=self.unreadable + other.unreadable,
            zeros=self.zeros + other.zeros,
            negatives=self.negatives + other.negatives,
            minimum=_least(self.minimum, other.minimum),
            maximum=_greatest(self.maximum, other.maximum),
            total=self.total + other.total,
            squares=self.squares + other.squares,
            counts=self.counts + other.counts,
            sums=self.sums + other.sums,
        )

    @classmethod
    def without_values(cls, edges: Floats, *, rows: int = 0, nulls: int = 0, unreadable: int = 0) -> Self:
        """Return the profile of rows of which none holds a number.

        Parameters
        ----------
        edges : numpy.ndarray
            Ascending cut points.
        rows : int
            How many there are.
        nulls, unreadable : int
            How many of them are missing, and how many hold something that is no number.
        """
        bins = len(edges) + 1
        return cls(
            edges, rows, nulls, 0, unreadable, 0, 0, None, None, 0.0, 0.0, np.zeros(bins, np.int64), np.zeros(bins)
        )


@dataclass(frozen=True, eq=False)
class CategoricalProfile(_Nulls):
    """Holds what is kept of a column of categories. ``rows == nulls + counts.sum() + other + unseen``."""

    categories: tuple[str, ...]
    """The reference's most frequent values."""
    rows: int
    nulls: int
    counts: Counts
    """Rows of each category."""
    other: int
    """Rows with a value that the reference knows, but not among its most frequent."""
    unseen: int
    """Rows with a value that the reference does not know."""
    unseen_names: dict[str, int] = field(default_factory=dict)
    """Some of the unseen values with their rows: the first 50 in alphabetical order."""

    @property
    def values(self) -> int:
        """Number of rows with a value."""
        return self.rows - self.nulls

    def merge(self, other: Self) -> Self:
        """Return the profile of both sets of rows together."""
        if self.categories != other.categories:
            raise ProfileError("The profiles have different categories.", "Build both with one reference's edges.")
        return type(self)(
            categories=self.categories,
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            counts=self.counts + other.counts,
            other=self.other + other.other,
            unseen=self.unseen + other.unseen,
            unseen_names=first_names(Counter(self.unseen_names) + Counter(other.unseen_names)),
        )

    @classmethod
    def without_values(cls, categories: tuple[str, ...], rows: int = 0) -> Self:
        """Return the profile of rows of which none holds a value."""
        return cls(categories, rows, rows, np.zeros(len(categories), np.int64), 0, 0)


@dataclass(frozen=True)
class TimeProfile(_Nulls):
    """Holds what is kept of a column of moments."""

    rows: int
    nulls: int
    minimum: datetime | None = None
    maximum: datetime | None = None

    @property
    def values(self) -> int:
        """Number of rows with a moment."""
        return self.rows - self.nulls

    def merge(self, other: Self) -> Self:
        """Return the profile of both sets of rows together."""
        return type(self)(
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            minimum=_least(self.minimum, other.minimum),
            maximum=_greatest(self.maximum, other.maximum),
        )


ColumnProfile = NumericProfile | CategoricalProfile | TimeProfile


def centre_of(edges: Floats) -> float:
    """Return the middle cut point; 0 without any."""
    return float(edges[len(edges) // 2]) if len(edges) else 0.0


def first_names(names: dict[str, int]) -> dict[str, int]:
    """Keep the alphabetically first names; a bounded sample that merges exactly."""
    return {name: names[name] for name in sorted(names)[:UNSEEN_NAMES]}


def _least(first: Ordered | None, second: Ordered | None) -> Ordered | None:
    known = [value for value in (first, second) if value is not None]
    return min(known, default=None)


def _greatest(first: Ordered | None, second: Ordered | None) -> Ordered | None:
    known = [value for value in (first, second) if value is not None]
    return max(known, default=None)
