"""The labels of the reference, as a whole and in parts as long as a window: what a window's labels are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from airmedic_core.profile.values import numbers
from airmedic_core.scoring import class_name

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext
    from airmedic_core.metrics import Array

_MOST_PARTS = 30
"""Parts that the reference's labels are cut into: a month of days says how windows vary."""
_LEAST_PARTS = 4
"""Fewer parts do not say how windows vary; the parts are then shorter than the window, and vary more."""


_MANY_ZEROS = 0.1
"""Share of zeros from which they hide what happens to the others: a distance of 0.9 is left of one of 1."""
_BLOCKS = 20
"""Blocks that say how much neighbouring labels depend on each other: their variance is known to a third (χ² of 19
degrees of freedom), and each is long beside most runs."""


@dataclass(frozen=True)
class LabelHistory:
    """The labels of the reference in the order of their times, and those of the window."""

    before: NDArray[np.object_]
    now: NDArray[np.object_]

    @property
    def parts(self) -> list[NDArray[np.object_]]:
        """The reference's labels in consecutive parts, each as long as the window where there are enough of them."""
        size = max(len(self.now), 1)
        count = int(np.clip(len(self.before) // size, _LEAST_PARTS, _MOST_PARTS))
        return [part for part in np.array_split(self.before, count) if len(part)]

    def blocks(self, label: object) -> list[float]:
        """Return the share of one label in short blocks of the reference, each as long as the others."""
        blocks = np.array_split(self.before, min(_BLOCKS, len(self.before)))
        return [float(np.mean(block == label)) for block in blocks]

    def shares(self, label: object) -> tuple[float, list[float]]:
        """Return the share of one label in the window, and in each part of the reference."""
        return float(np.mean(self.now == label)), [float(np.mean(part == label)) for part in self.parts]

    def favourites(self) -> list[float]:
        """Return the share of the most frequent label in each part of the reference."""
        return [float(np.unique(part, return_counts=True)[1].max() / len(part)) for part in self.parts]


def label_history(context: CheckContext) -> LabelHistory | None:
    """Return the labels of the reference and of the window; None where one side has none.

    Labels of a regression are numbers, those of classes their names, so that ``1``, ``1.0`` and ``true`` are one class.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> history = label_history(example_context())
    >>> len(history.before), len(history.now), len(history.parts)
    (5600, 200, 28)
    """
    target, rows = context.spec.target, context.reference_rows
    known = context.labelled.frame if context.labelled is not None else None
    if rows is None or known is None or target not in rows or target not in known:
        return None
    read = _numbers if context.spec.task == "regression" else _names
    before, now = read(rows[target]), read(known[target])
    return LabelHistory(before, now) if len(before) and len(now) else None


def apart_from_zero(history: LabelHistory) -> LabelHistory:
    """Return labels without those that are zero, where zero takes many on both sides.

    A zero stays zero in any unit and with either sign, so what half of the days hold says nothing of the others.

    Examples
    --------
    >>> sold, sold_in_cents = np.array([0.0, 3.0, 0.0, 5.0] * 10), np.array([0.0, 300.0, 0.0, 500.0] * 10)
    >>> float(apart_from_zero(LabelHistory(sold, sold_in_cents)).now.min())
    300.0
    """
    zero_before, zero_now = history.before == 0, history.now == 0
    if min(zero_before.mean(), zero_now.mean()) < _MANY_ZEROS:
        return history
    return LabelHistory(history.before[~zero_before], history.now[~zero_now])


def chance_of_share(now: float, past: list[float], rows: int, rows_before: int) -> float:
    """Return how likely a share lies so far from earlier ones, given how they vary and how many rows there are.

    The variance between parts comes from the parts themselves, so its uncertainty counts too (Satterthwaite 1946, An
    approximate distribution of estimates of variance components, Biometrics Bulletin 2:110–114).

    Parameters
    ----------
    now : float
        The share of the window.
    past : list of float
        Of each part of the reference.
    rows, rows_before : int
        Rows of the window, and of all parts together.

    Examples
    --------
    From 21 to 34 % of 500 rows is no chance where parts hardly vary; where they vary by ten points it may be.

    >>> steady, restless = [0.20, 0.22, 0.21, 0.19, 0.23, 0.21], [0.10, 0.32, 0.21, 0.11, 0.33, 0.19]
    >>> [chance_of_share(0.34, past, 500, 3000) < 1e-4 for past in (steady, restless)]
    [True, False]
    """
    shares: Array = np.array(past)
    usual, parts = float(shares.mean()), len(shares)
    one_row = max(usual * (1.0 - usual), 0.5 / max(rows, 1))
    seen = float(shares.var(ddof=1)) if parts > 1 else 0.0
    between = max(seen - one_row * parts / max(rows_before, 1), 0.0) * (1.0 + 1.0 / max(parts, 1))
    variance = between + one_row * (1.0 / max(rows, 1) + 1.0 / max(rows_before, 1))
    degrees = 1e6 if not seen else max(parts - 1, 1) * min((variance / (seen * (1.0 + 1.0 / parts))) ** 2, 1e4)
    return float(2.0 * special.stdtr(max(degrees, 1.0), -abs(now - usual) / variance**0.5))


def chance_by_blocks(now: float, usual: float, blocks: list[float], rows: int, rows_before: int) -> float:
    """Return how likely a share lies so far from the usual one, where neighbouring rows depend on each other.

    Labels that come in runs, such as rough weather by the hour, are fewer independent ones. How many, the shares of
    short blocks of time say: they differ more than rows alone explain.

    Parameters
    ----------
    now, usual : float
        The share of the window, and of all rows of the reference.
    blocks : list of float
        The share in each of the reference's blocks, all of them as long.
    rows, rows_before : int
        Rows of the window, and of all blocks together.

    Examples
    --------
    From 2 to 12 % of 336 rows is no chance where rows come one by one; in runs that fill half a block it may be.

    >>> one_by_one, in_runs = [0.01, 0.03] * 10, [0.0, 0.0, 0.0, 0.0, 0.1] * 4
    >>> [chance_by_blocks(0.12, 0.02, blocks, 336, 1344) < 1e-4 for blocks in (one_by_one, in_runs)]
    [True, False]
    """
    count = len(blocks)
    one_row = max(usual * (1.0 - usual), 0.5 / max(rows, 1))
    seen = float(np.var(blocks, ddof=1)) * rows_before / count if count > 1 else 0.0
    variance = max(seen, one_row) * (1.0 / max(rows, 1) + 1.0 / max(rows_before, 1))
    return float(2.0 * special.stdtr(max(count - 1, 1), -abs(now - usual) / variance**0.5))


def _numbers(labels: pd.Series) -> NDArray[np.object_]:
    values = numbers(labels)[0]
    return np.asarray(values[np.isfinite(values)])


def _names(labels: pd.Series) -> NDArray[np.object_]:
    known = labels.dropna()
    return np.asarray(known.map({label: class_name(label) for label in known.unique()}), dtype=object)
