"""Metrics of how a binary model ranks its rows."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from airmedic_core.metrics.base import Array, Blocks, Metric

_BOTH_SIDES: tuple[Literal["right"], Literal["left"]] = ("right", "left")
"""Says where equal scores are inserted: behind them, and before them. Ties count half."""
_STEP = 128
"""Scores that are looked at together: their table of resamples then stays in the processor's cache."""
_EXACT_IN_FLOAT32 = 2.0**24
"""Whole numbers below this are exact in 32 bits."""
_FEW_OF_CLASS = 10
"""Rows of a class below which resamples say too little of an area's error: theirs is short by the part of one row, of
ten by a tenth."""


def error_of_area(area: float, positives: int, negatives: int) -> float:
    """Return the standard error of an area under the ROC curve (Hanley and McNeil 1982, Radiology 143:29–36).

    Parameters
    ----------
    area : float
        From 0 to 1.
    positives, negatives : int
        Rows of each class.

    Examples
    --------
    Their own example: an area of 0.893 of 51 and 58.

    >>> round(error_of_area(0.893, 51, 58), 3)
    0.033
    """
    of_positives, of_negatives = area / (2.0 - area) - area**2, 2.0 * area**2 / (1.0 + area) - area**2
    variance = area * (1.0 - area) + (positives - 1) * of_positives + (negatives - 1) * of_negatives
    return float(np.sqrt(variance / (positives * negatives)))


class RocAuc(Metric):
    """Area under the ROC curve, by counting ordered pairs (Mann and Whitney 1947; ties count half).

    Of a resample only the number of correctly ordered pairs between each two blocks has to be known.

    Examples
    --------
    >>> RocAuc()(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75
    """

    def __init__(self) -> None:
        super().__init__("roc_auc", higher_is_better=True)

    def least_error(self, labels: Array, scores: Array, value: float) -> float:  # noqa: ARG002  the same for all metrics
        """Return the error of an area by the rows of each class, where one of them has a handful.

        Resamples of three positives draw the same three again, and know nothing of all others. The area is taken as if
        one more row of the rarer class were known and said nothing: that of two positives may be 1 by chance.

        Examples
        --------
        >>> rare, common = np.repeat([0.0, 1.0], [297, 3]), np.repeat([0.0, 1.0], [500, 500])
        >>> [round(RocAuc().least_error(labels, labels, 0.9), 2) for labels in (rare, common)]
        [0.15, 0.0]
        """
        positives = int((labels > 0.5).sum())
        negatives = len(labels) - positives
        rarer = min(positives, negatives)
        if not 0 < rarer < _FEW_OF_CLASS:
            return 0.0
        return error_of_area((value * rarer + 0.5) / (rarer + 1), positives, negatives)

    def resampled(self, labels: Array, scores: Array, blocks: Blocks, weights: Array) -> Array:
        """Return the area of each resample from the pairs of blocks."""
        count = weights.shape[1]
        positive = labels > 0.5
        positives = np.bincount(blocks[positive], minlength=count).astype(np.float64)
        negatives = np.bincount(blocks[~positive], minlength=count).astype(np.float64)
        pairs = np.zeros((count, count))
        # The positive rows are ranked once; how many negative ones of a block lie below each of them is then counted.
        order = np.argsort(scores[positive])
        ranked, owners = scores[positive][order], blocks[positive][order]
        for block in np.flatnonzero(negatives):
            others = np.sort(scores[~positive & (blocks == block)])
            below, up_to = (_counted(np.searchsorted(ranked, others, side=side), ranked.size) for side in _BOTH_SIDES)
            pairs[:, block] = np.bincount(owners, weights=(below + up_to) / 2, minlength=count)
        ordered = ((weights @ pairs) * weights).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(ordered / ((weights @ positives) * (weights @ negatives)), dtype=np.float64)


class AveragePrecision(Metric):
    """Average precision: precision at each distinct score, weighted by the recall it adds.

    Examples
    --------
    >>> round(AveragePrecision()(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8])), 4)
    0.8333
    """

    def __init__(self) -> None:
        super().__init__("average_precision", higher_is_better=True)

    def resampled(self, labels: Array, scores: Array, blocks: Blocks, weights: Array) -> Array:
        """Return the value of each resample, from how many rows of each block lie above a score, and are positive."""
        count, order = weights.shape[1], np.argsort(-scores, kind="stable")
        ranked, right, owners = scores[order], labels[order], blocks[order]
        # Recall grows only at scores that have a positive row: only there is precision needed.
        ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
        levels = np.searchsorted(ends, np.arange(ranked.size))
        useful = np.flatnonzero(np.bincount(levels, weights=right, minlength=ends.size))
        places = np.searchsorted(useful, levels)
        # Sums of rows are whole numbers: the short type holds them exactly, and is multiplied twice as fast.
        short = len(labels) * weights.max(initial=0.0) < _EXACT_IN_FLOAT32
        drawn = weights.T.astype(np.float32 if short else np.float64)
        gained, rows_before, right_before = np.zeros(len(weights)), np.zeros(count), np.zeros(count)
        least = np.zeros((1, len(weights)), drawn.dtype)
        for first in range(0, useful.size, _STEP):
            size = min(_STEP, useful.size - first)
            begin, end = np.searchsorted(places, [first, first + size])
            cells = (places[begin:end] - first) * count + owners[begin:end]
            rows = rows_before + np.bincount(cells, minlength=size * count).reshape(size, count).cumsum(axis=0)
            positives = np.bincount(cells, weights=right[begin:end], minlength=size * count)
            positives = right_before + positives.reshape(size, count).cumsum(axis=0)
            rows_before, right_before = rows[-1], positives[-1]
            seen, hits = rows.astype(drawn.dtype) @ drawn, positives.astype(drawn.dtype) @ drawn
            recalled = np.diff(hits, axis=0, prepend=least)
            least = hits[-1:]
            precision = np.divide(hits, seen, out=np.zeros(hits.shape), where=seen > 0, dtype=np.float64)
            gained += (recalled * precision).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.where(least[0] > 0, gained / least[0], np.nan), dtype=np.float64)


def _counted(places: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """Return for each of so many ranked values how many others, inserted at these places, come before it."""
    return np.cumsum(np.bincount(places, minlength=size + 1))[:size]
