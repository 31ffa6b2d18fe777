"""Edges: where the bins of each column lie. Taken once from the reference, then shared by every later profile."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.profile.columns import Floats
from airmedic_core.profile.features import choose_features
from airmedic_core.records import Json, digest
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = 120
"""Bins of equal mass between the reference's extremes; divisible by the usual 10, 20 and 30 coarser ones."""
TOP_CATEGORIES = 100
"""Categories of a column that are counted one by one; the shares of rarer ones are too small to be judged."""
KNOWN_CATEGORIES = 10_000
"""Categories whose names are kept, to tell those that are new: about 200 kB of a stored reference."""
SEGMENT_VALUES = 20
"""Values of a segment column that are looked at."""
_TAIL_STEPS = 10
"""Cut points beyond each extreme. They double, so that the last lies 2⁹ half standard deviations away."""
_HALVINGS = 7
"""Sets how many times the mass of the outermost bins of equal mass is halved, so that their ends are seen finely."""


@dataclass(frozen=True)
class Categories:
    """The reference's values of one categorical column."""

    top: tuple[str, ...]
    """The most frequent, most frequent first; counted one by one."""
    rest: tuple[str, ...] = ()
    """Other known values; counted together."""
    complete: bool = True
    """Says whether ``top`` and ``rest`` are all there were. If not, what they lack counts as known."""

    @classmethod
    def from_counts(cls, counts: dict[str, int], top: int = TOP_CATEGORIES) -> Categories:
        """Rank values by their rows, ties by name."""
        ranked = sorted(counts, key=lambda name: (-counts[name], name))
        return cls(tuple(ranked[:top]), tuple(ranked[top:KNOWN_CATEGORIES]), len(ranked) <= KNOWN_CATEGORIES)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Position of each top value; ``len(top)`` for the rest."""
        return {name: len(self.top) for name in self.rest} | {name: at for at, name in enumerate(self.top)}


@dataclass(frozen=True, eq=False)
class Edges:
    """The bins of every column that is watched."""

    numeric: dict[str, Floats]
    """Column → cut points."""
    categorical: dict[str, Categories]
    time: tuple[str, ...] = ()
    segments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Segment column → its most frequent values."""
    scores: Floats | None = None
    """Cut points of the model's scores, once they are known."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Column → why it is not watched."""

    @classmethod
    def from_frame(cls, spec: ModelSpec, frame: pd.DataFrame, scores: np.ndarray | None = None) -> Edges:
        """Take the edges from the rows of the reference.

        Parameters
        ----------
        spec : ModelSpec
            The model.
        frame : pandas.DataFrame
            Rows of the reference.
        scores : numpy.ndarray, optional
            The model's scores of these rows, shape (rows,).
        """
        from airmedic_core.profile.values import category_counts, numbers

        features = choose_features(spec, frame)
        segments = {}
        for name in spec.segments:
            if name in frame.columns:
                counts, _ = category_counts(frame[name])
                segments[name] = Categories.from_counts(counts, SEGMENT_VALUES).top
        times = (spec.data.time_column, spec.label_time_column)
        return cls(
            numeric={name: cut_points(numbers(frame[name])[0]) for name in features.numeric},
            categorical={
                name: Categories.from_counts(category_counts(frame[name])[0]) for name in features.categorical
            },
            time=tuple(name for name in times if name and name in frame.columns),
            segments=segments,
            scores=None if scores is None else cut_points(scores),
            left_out=features.left_out,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns that are watched."""
        return (*self.numeric, *self.categorical, *self.time)

    @cached_property
    def id(self) -> str:
        """SHA-256 of the edges: profiles with the same id can be merged and compared."""
        return digest(self.to_json())

    def to_json(self) -> Json:
        """Return the edges as plain JSON."""
        return {
            "numeric": {name: cuts.tolist() for name, cuts in self.numeric.items()},
            "categorical": {
                name: {"top": list(known.top), "rest": list(known.rest), "complete": known.complete}
                for name, known in self.categorical.items()
            },
            "time": list(self.time),
            "segments": {name: list(values) for name, values in self.segments.items()},
            "scores": None if self.scores is None else self.scores.tolist(),
            "left_out": dict(self.left_out),
        }

    @classmethod
    def from_json(cls, plain: Json) -> Edges:
        """Return the edges that :meth:`to_json` wrote."""
        return cls(
            numeric={name: np.asarray(cuts, float) for name, cuts in plain["numeric"].items()},
            categorical={
                name: Categories(tuple(known["top"]), tuple(known["rest"]), known["complete"])
                for name, known in plain["categorical"].items()
            },
            time=tuple(plain["time"]),
            segments={name: tuple(values) for name, values in plain["segments"].items()},
            scores=None if plain["scores"] is None else np.asarray(plain["scores"], float),
            left_out=dict(plain["left_out"]),
        )


def cut_points(values: np.ndarray, quantiles: int = QUANTILES) -> Floats:
    """Return the cut points of one column of numbers.

    Columns of few distinct values get one bin for each. Others get bins of equal mass, finer ones towards both ends
    (halving the mass), and beyond the reference's extremes steps that double, so that a shift out of range is still
    measured.

    Parameters
    ----------
    values : numpy.ndarray
        Numbers of the reference; missing and infinite ones are left out.
    quantiles : int
        Bins of equal mass.

    Returns
    -------
    numpy.ndarray
        Ascending, without repetition; empty without any finite value.

    Examples
    --------
    >>> cuts = cut_points(np.array([1.0, 2.0, 3.0, 3.0]))
    >>> [cut for cut in cuts.tolist() if 1.0 <= cut <= 3.0]
    [1.0, 2.0, 3.0]
    """
    finite = np.sort(values[np.isfinite(values)].astype(float))
    if len(finite) == 0:
        return np.empty(0)
    distinct = _distinct(finite, quantiles + 1)
    low, high = finite[0], finite[-1]
    inner = distinct if len(distinct) <= quantiles else finite[_ranks(len(finite), quantiles)]
    with np.errstate(over="ignore", invalid="ignore"):  # what lies beyond the largest float is dropped below
        spread = (_quantile(finite, 0.84) - _quantile(finite, 0.16)) / 2 or (high - low) / 6 or abs(high) or 1.0
        steps = spread / 2 * 2.0 ** np.arange(_TAIL_STEPS)
        cuts = np.unique(np.concatenate([low - steps, inner, high + steps, [np.nextafter(low, -np.inf)]]))
    return np.asarray(cuts[np.isfinite(cuts)], float)


def _distinct(ordered: Floats, most: int) -> Floats:
    """Return the first distinct values of sorted ones, by a search for the end of each."""
    distinct: list[float] = []
    at = 0
    while at < len(ordered) and len(distinct) < most:
        distinct.append(ordered[at])
        at = int(np.searchsorted(ordered, ordered[at], side="right"))
    return np.array(distinct)


def _quantile(ordered: Floats, fraction: float) -> float:
    """Return a quantile of sorted values, interpolated between the two beside it."""
    below, between = divmod(fraction * (len(ordered) - 1), 1)
    low, high = ordered[int(below)], ordered[min(int(below) + 1, len(ordered) - 1)]
    return float(low + between * (high - low))


def _ranks(rows: int, quantiles: int) -> np.ndarray:
    tail = 0.5 ** np.arange(1, _HALVINGS + 1) / quantiles
    fractions = np.concatenate([[0.0, 1.0], np.arange(1, quantiles) / quantiles, tail, 1 - tail])
    return np.asarray(np.ceil(fractions * rows).astype(int).clip(1, rows) - 1)
