"""Metrics of how a binary model ranks its rows."""

from __future__ import annotations

import numpy as np

from airmedic_core.metrics.base import Array, Blocks, Metric


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

    def resampled(self, labels: Array, scores: Array, blocks: Blocks, weights: Array) -> Array:
        """Return the area of each resample from the pairs of blocks."""
        count = weights.shape[1]
        positive = labels > 0.5
        positives = np.bincount(blocks[positive], minlength=count).astype(np.float64)
        negatives = np.bincount(blocks[~positive], minlength=count).astype(np.float64)
        pairs = np.zeros((count, count))
        for block in np.flatnonzero(negatives):
            ranked = np.sort(scores[~positive & (blocks == block)])
            below = np.searchsorted(ranked, scores[positive], side="left")
            up_to = np.searchsorted(ranked, scores[positive], side="right")
            pairs[:, block] = np.bincount(blocks[positive], weights=(below + up_to) / 2, minlength=count)
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
        """Return the value of each resample; one pass over the ranked rows for each."""
        order = np.argsort(-scores, kind="stable")
        last_of_tie = np.append(np.diff(scores[order]) != 0, True)
        ranked_labels, ranked_blocks = labels[order], blocks[order]
        values = np.full(len(weights), np.nan)
        for row, weight in enumerate(weights):
            drawn = weight[ranked_blocks]
            seen = np.cumsum(drawn)[last_of_tie]
            right = np.cumsum(drawn * ranked_labels)[last_of_tie]
            if right[-1] > 0:
                precision = np.divide(right, seen, out=np.zeros_like(right), where=seen > 0)
                values[row] = float(np.sum(np.diff(right, prepend=0.0) * precision) / right[-1])
        return values
