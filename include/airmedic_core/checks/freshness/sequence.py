"""Says whether the rows come in a sequence that the reference has: single rows coincide, sequences do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.freshness.options import LIMITS

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext

_Hashes = NDArray[np.uint64]
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Mixes hashes that are combined: 2⁶⁴ divided by the golden ratio (Knuth, The Art of Computer Programming 6.4)."""


@dataclass(frozen=True)
class Repeated:
    """Says how much of a window the reference holds in the same order."""

    rows: int
    """Rows that were compared together, one after the other."""
    share: float
    """Share of the window's stretches of so many rows that the reference has, too."""
    usual: float
    """The largest share of one half of the reference that is in its other half."""


def repeated_in_order(context: CheckContext) -> Repeated | None:
    """Compare the rows with those of the reference, in stretches so long that halves of the reference share hardly any.

    Codes and categories come again by their nature, but not in the same order. Columns that turn with the clock come in
    the same order too, so they are left out. Where even long stretches of the reference come again, nothing is said.

    Parameters
    ----------
    context : CheckContext
        The window.

    Examples
    --------
    Three channels, and amounts in steps of 10,000: single rows of two days coincide, and not many in a row.

    >>> from dataclasses import replace
    >>> from airmedic_core.simulate.example import example_context
    >>> def coarse(rows):
    ...     return rows.assign(amount=rows["amount"] // 1e4, income=rows["income"] // 1e4)
    >>> context = example_context(coarse)
    >>> context = replace(context, every_reference_row_of=lambda: coarse(context.reference_rows))
    >>> new = repeated_in_order(context)
    >>> new.rows, round(new.share, 1), round(new.usual, 1)
    (4, 0.0, 0.0)
    >>> last = coarse(context.reference_rows).tail(200)
    >>> round(repeated_in_order(replace(context, frame=last)).share, 1)
    1.0
    """
    reference = context.every_reference_row
    if reference is None or context.sampled:
        return None
    names = _compared_columns(context, reference)
    if not names:
        return None
    before, now = _hashes(reference, names), _hashes(context.frame, names)
    for rows in LIMITS.stretches:
        known, new = _stretches(before, rows), np.unique(_stretches(now, rows))
        if new.size < LIMITS.least_stretches or known.size < LIMITS.least_stretches:
            continue
        usual = _shared_by_halves(known, rows)
        if usual <= LIMITS.usually_in_order:
            share = float(np.isin(new, np.unique(known), assume_unique=True).mean())
            return Repeated(rows, share, usual)
    return None


def _compared_columns(context: CheckContext, reference: pd.DataFrame) -> list[str]:
    """Return the inputs, and the target where both sides know it, without those that follow from the time."""
    from airmedic_core.profile.clock_columns import turns_with_the_clock

    time, target = context.spec.data.time_column, context.spec.target
    names = [name for name in context.features if name in reference and name in context.frame]
    names = [name for name in names if not turns_with_the_clock(reference[name], reference[time])]
    if names and all(
        target in rows and rows[target].notna().mean() >= LIMITS.known_outcomes for rows in (reference, context.frame)
    ):
        names.append(target)
    return names


def _hashes(rows: pd.DataFrame, names: list[str]) -> _Hashes:
    from airmedic_core.comparison.facts import hash_values

    combined = np.zeros(len(rows), dtype=np.uint64)
    for name in names:
        combined = combined * _MULTIPLIER + hash_values(rows[name])
    return combined


def _stretches(hashes: _Hashes, rows: int) -> _Hashes:
    """Return one hash for each stretch of so many rows that follow each other."""
    count = hashes.size - rows + 1
    combined = np.zeros(max(count, 0), dtype=np.uint64)
    for place in range(rows if count > 0 else 0):
        combined = combined * _MULTIPLIER + hashes[place : place + count]
    return combined


def _shared_by_halves(stretches: _Hashes, rows: int) -> float:
    """Return the larger share of one half of the reference that is in the other: halved by time, and by turns."""
    place = np.arange(stretches.size) * LIMITS.blocks // stretches.size
    # A stretch that begins in one half and ends in the other is in both.
    inside = np.arange(stretches.size) % max(stretches.size // LIMITS.blocks, 1) < max(
        stretches.size // LIMITS.blocks - rows + 1, 1
    )
    largest = 0.0
    for first in (place < LIMITS.blocks // 2, place % 2 == 0):
        halves = np.unique(stretches[first & inside]), np.unique(stretches[~first & inside])
        fewer = min(half.size for half in halves)
        if fewer:
            largest = max(largest, np.intersect1d(*halves, assume_unique=True).size / fewer)
    return float(largest)
