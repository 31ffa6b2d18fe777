"""Says how many rows usually hold a category that was never seen before: of a long tail, some always do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.profile.values import category_names

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

_ERRORS = 3.0
"""Standard errors within which a share of unseen categories is usual: one window in 700 lies above by chance."""
_LEAST_PARTS, _MOST_PARTS = 4, 30
"""Consecutive parts of the reference that are held against those before them."""


@dataclass(frozen=True)
class UsualUnseen:
    """The share of rows whose category no earlier row has had, and how well it is known."""

    share: float = 0.0
    error: float = 0.0

    def most(self, rows: int) -> float:
        """Return the largest share that so many rows have without anything new in them."""
        chance = (self.share * (1.0 - self.share) / max(rows, 1)) ** 0.5
        return min(self.share + _ERRORS * float(np.hypot(self.error, chance)), 1.0) if self.share else 0.0


def usual_unseen(context: CheckContext, name: str) -> UsualUnseen:
    """Return the usual share of unseen categories of a column, estimated from the reference alone.

    A row chosen at random and left out is of a category that no other row has as often as categories of one row are
    (Good 1953, The population frequencies of species, Biometrika 40:237–264). Where new names come with time, the
    newest parts of the reference say how many of their rows the parts before did not know. The larger counts.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column of categories.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> usual_unseen(example_context(), "channel")
    UsualUnseen(share=0.0, error=0.0)
    """
    rows = context.reference_rows
    if rows is None or name not in rows:
        return UsualUnseen()
    names = category_names(rows[name])
    names = names[names != ""]
    if not len(names):
        return UsualUnseen()
    _, first, codes, counts = np.unique(names.astype(str), return_index=True, return_inverse=True, return_counts=True)
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    left_out = UsualUnseen(once / len(names), (once + 2 * twice) ** 0.5 / len(names))
    later = _later(first[codes], context.batch.rows)
    return max(left_out, later, key=lambda usual: usual.share + usual.error)


def _later(first: np.ndarray, rows: int) -> UsualUnseen:
    """Return the share of rows in the newest parts whose category came up in that part first.

    Parameters
    ----------
    first : array of int
        For each row in the order of times, the position of the first row of its category.
    rows : int
        Of a part.
    """
    count = min(len(first) // max(rows, 1), _MOST_PARTS)
    if count < _LEAST_PARTS:
        return UsualUnseen()
    starts = len(first) - rows * np.arange(max(count // 2, 2), 0, -1)
    new = np.array([float(np.mean(first[start : start + rows] >= start)) for start in starts])
    return UsualUnseen(float(new.mean()), float(new.std(ddof=1)))
