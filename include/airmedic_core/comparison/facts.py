"""Says what only the rows themselves show: repeated values, repeated rows, the times of events.

Profiles add up but forget which rows belong together. These facts are small, are kept for each window beside its
profile, and let a window be compared with earlier ones without reading them again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.reading.moments import in_utc
from airmedic_core.spec import ModelSpec
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

SKETCH_SIZE = 256
"""Hashes of a sketch: a share is then known to 0.06 (95 %), at 5 kB of JSON for each column."""
_MANY = 8 * SKETCH_SIZE
"""Hashes of which the smallest are worth separating from the others before they are sorted."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Mixes hashes that are combined: 2⁶⁴ divided by the golden ratio (Knuth, The Art of Computer Programming 6.4)."""
_KNOWN_FRACTION = 0.95
"""Of the rows whose outcome must be there before rows are compared with it: where some rows still wait for theirs, a
row that is delivered again may have gained one."""
_BLOCKS = 20
"""Parts in time, of which every second one is held against the others: each is long against the time for which a slow
measurement keeps its value, and short against a season."""
Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Sketch:
    """The smallest hashes of a set: enough to estimate how much of one set is in another.

    Broder 1997, On the resemblance and containment of documents.
    """

    hashes: tuple[int, ...] = ()
    complete: bool = True
    """Says whether these are all hashes of the set."""

    @classmethod
    def of(cls, hashes: Hashes) -> Sketch:
        """Keep the smallest distinct hashes."""
        if hashes.size > _MANY:
            smallest = np.unique(np.partition(hashes, _MANY // 2)[: _MANY // 2])
            if smallest.size > SKETCH_SIZE:  # sorting all of them would change nothing
                return cls(tuple(smallest[:SKETCH_SIZE].tolist()), complete=False)
        distinct = np.unique(hashes)
        return cls(tuple(distinct[:SKETCH_SIZE].tolist()), distinct.size <= SKETCH_SIZE)

    def inside(self, other: Sketch) -> float:
        """Return the estimated fraction of this set that is in the other one; 0 where nothing is known.

        Examples
        --------
        >>> hashes = np.random.default_rng(0).integers(0, 2**63, 4000).astype("uint64")
        >>> shared = Sketch.of(hashes[:2000]).inside(Sketch.of(hashes[1000:]))
        >>> 0.4 < shared < 0.6
        True
        """
        bound = min(
            float("inf") if sketch.complete or not sketch.hashes else sketch.hashes[-1] for sketch in (self, other)
        )
        mine = {value for value in self.hashes if value <= bound}
        return len(mine & set(other.hashes)) / len(mine) if mine else 0.0


@dataclass(frozen=True)
class ColumnFacts:
    """The most frequent value of one column, and a sketch of (time within the window, value)."""

    top: str
    top_share: float
    """Its share of the rows that hold a value."""
    distinct: int
    timed: Sketch = Sketch()


@dataclass(frozen=True)
class RowFacts:
    """The facts of one window."""

    rows: int
    duplicate_fraction: float = 0.0
    """Rows that repeat another row of the window in every column."""
    distinct_times: int = 0
    rows_by_sketch: Sketch = Sketch()
    """A sketch of the rows' features, without times."""
    columns: dict[str, ColumnFacts] = field(default_factory=dict)
    outcomes_by_sketch: Sketch = Sketch()
    """Of the rows' features and target, without times; empty where outcomes are not known."""
    coincidence: float = 0.0
    """Of the distinct rows' features in one half of the window, the largest share that is in the other half."""
    outcome_coincidence: float = 0.0
    """The same with the target."""
    alone_fraction: float = 1.0
    """Rows that no other row of the window repeats in every column."""
    same_copies: float = 1.0
    """Of the distinct rows that come more than once, the share that come equally often, as often as most do."""
    whole: bool = True
    """Says whether these are all rows. If not, only the columns say something, and they without their sketches."""


def row_facts(
    spec: ModelSpec, frame: pd.DataFrame, window: Window, columns: list[str], *, whole: bool = True
) -> RowFacts:
    """Collect the facts of one window.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : DataFrame
        The window's rows in the order of their times.
    window : Window
        The window.
    columns : list of str
        The model's inputs.
    whole : bool
        Whether these are all rows of the window. A sample cannot say which rows repeat others.
    """
    rows = len(frame)
    if not rows:
        return RowFacts(0)
    time = frame.get(spec.data.time_column)
    offsets = np.arange(rows, dtype="uint64")
    distinct_times = 0
    if time is not None:
        seconds = (in_utc(time) - window.start).dt.total_seconds().to_numpy(float)
        distinct_times = int(np.unique(seconds[np.isfinite(seconds)]).size)
        offsets = np.nan_to_num(seconds, nan=-1.0).astype("int64").view("uint64")
    facts: dict[str, ColumnFacts] = {}
    if not whole:
        facts = {
            name: replace(_column(frame[name], hash_values(frame[name]), offsets), timed=Sketch())
            for name in columns
            if name in frame
        }
        return RowFacts(rows, columns=facts, whole=False)
    combined = np.zeros(rows, dtype="uint64")
    for name in columns:
        if name not in frame:
            continue
        values = frame[name]
        hashes = hash_values(values)
        combined = combined * _MULTIPLIER + hashes
        facts[name] = _column(values, hashes, offsets)
    outcomes = _outcomes(spec, frame, combined)
    everything = combined.copy()
    predictions = {spec.prediction.score, spec.prediction.label, spec.prediction.latency_ms, spec.prediction.version}
    for name in dict.fromkeys(frame.columns):
        if name not in facts and name not in predictions and not spec.is_class_score(str(name)):
            everything = everything * _MULTIPLIER + hash_values(frame[name])
    copies = np.unique(everything, return_counts=True)[1]
    return RowFacts(
        rows=rows,
        duplicate_fraction=1.0 - copies.size / rows,
        distinct_times=distinct_times,
        rows_by_sketch=Sketch.of(combined),
        columns=facts,
        outcomes_by_sketch=Sketch.of(outcomes),
        coincidence=_coincidence(combined),
        outcome_coincidence=_coincidence(outcomes),
        alone_fraction=float((copies == 1).sum()) / rows,
        same_copies=float(np.bincount(copies[copies > 1]).max() / (copies > 1).sum()) if (copies > 1).any() else 1.0,
    )


def _outcomes(spec: ModelSpec, frame: pd.DataFrame, combined: Hashes) -> Hashes:
    """Return the hashes of rows with their outcome; none where outcomes are not known."""
    if spec.target not in frame:
        return combined[:0]
    known = frame[spec.target].notna().to_numpy()
    if known.mean() < _KNOWN_FRACTION:
        return combined[:0]
    return (combined * _MULTIPLIER + hash_values(frame[spec.target]))[known]


def _coincidence(hashes: Hashes) -> float:
    """Return the largest share of one half of the rows that is in the other, halved by time and by blocks of time.

    Nothing of a window was delivered before, so what its halves share is chance, or the nature of its columns.
    """
    place = np.arange(hashes.size) * _BLOCKS // max(hashes.size, 1)
    largest = 0.0
    for first in (place < _BLOCKS // 2, place % 2 == 0):
        halves = np.unique(hashes[first]), np.unique(hashes[~first])
        fewer = min(half.size for half in halves)
        if fewer:
            largest = max(largest, np.intersect1d(*halves, assume_unique=True).size / fewer)
    return float(largest)


def hash_values(values: pd.Series) -> Hashes:
    """Return one hash for each value; values of any type, nested ones too."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        values = values.astype("int64")
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        # Negative zero equals zero but hashes differently.
        return pd.util.hash_array(np.where(numbers == 0, 0.0, numbers)).astype("uint64")
    try:
        codes, levels = pd.factorize(values)
    except TypeError:
        codes, levels = pd.factorize(values.map(repr))
    table = pd.util.hash_array(np.asarray([repr(level) for level in levels] + ["<missing>"], dtype=object))
    return np.asarray(table[codes], dtype="uint64")


def _column(values: pd.Series, hashes: Hashes, offsets: Hashes) -> ColumnFacts:
    present = values.notna().to_numpy()
    kept = hashes[present]
    if not kept.size:
        return ColumnFacts("", 0.0, 0)
    distinct, first, counts = np.unique(kept, return_index=True, return_counts=True)
    best = int(counts.argmax())
    top = values[present].iloc[int(first[best])]
    timed = Sketch.of(offsets[present] * _MULTIPLIER ^ kept)
    return ColumnFacts(str(top)[:80], float(counts[best] / kept.size), int(distinct.size), timed)
