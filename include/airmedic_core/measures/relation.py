"""Says how far answers tell labels apart, on a scale that does not depend on how rare a class is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from airmedic_core.metrics import Array, metric

_TWO_SIDED_95 = 1.96
"""Standard errors that chance keeps within in 95 of 100 windows."""


@dataclass(frozen=True)
class Relation:
    """Says how far answers tell labels apart."""

    strength: float
    """1 where they do without fault, 0 where they say nothing, -1 where they are as wrong as can be."""
    by_chance: float
    """Says how far from 0 it is by chance where answers say nothing (95 %)."""

    @property
    def error(self) -> float:
        """Its standard error where answers say nothing."""
        return self.by_chance / _TWO_SIDED_95


def relation(task: str, labels: Array, scores: Array) -> Relation:
    """Return how far answers tell labels apart: Somers' D of classes, the rank correlation of numbers.

    A rank correlation with two classes is at the most the root of 3p(1 - p), which is 0.24 where 2 % are positive; D,
    twice the area under the ROC curve less one, is 1 at any share (Somers 1962). That of several classes is the mean of
    each class against the others, weighted by its pairs of rows.

    Parameters
    ----------
    task : str
        Of the model.
    labels, scores : numpy.ndarray
        As :class:`~airmedic_core.metrics.Metric` takes them.

    Examples
    --------
    >>> rare = np.repeat([0.0, 1.0], [990, 10])
    >>> relation("binary", rare, rare).strength, round(relation("regression", rare, rare).strength, 6)
    (1.0, 1.0)
    >>> round(relation("binary", rare, np.arange(1000.0)).by_chance, 2)
    0.36
    """
    known = np.isfinite(labels) & np.isfinite(scores if scores.ndim == 1 else scores.sum(axis=1))
    labels, scores = labels[known], scores[known]
    if task == "binary":
        return _of_classes([(labels, scores)])
    if task == "multiclass":
        return _of_classes([((labels == place).astype(float), scores[:, place]) for place in range(scores.shape[1])])
    return _of_numbers(labels, scores)


def _of_classes(told_apart: list[tuple[Array, Array]]) -> Relation:
    """Return the mean of D over classes that some rows are of and others are not, weighted by pairs of such rows."""
    area = metric("roc_auc", "binary")
    strengths, errors, pairs = [], [], []
    for labels, scores in told_apart:
        positives = int((labels > 0.5).sum())
        negatives = len(labels) - positives
        if positives and negatives:
            strengths.append(2.0 * area(labels, scores) - 1.0)
            # Mann and Whitney 1947: the error of an area of answers that say nothing.
            errors.append(2.0 * ((len(labels) + 1) / (12.0 * positives * negatives)) ** 0.5)
            pairs.append(float(positives * negatives))
    if not pairs:
        return Relation(0.0, 1.0)
    # Classes exclude each other, so the errors of their areas depend on each other: the mean is certainly no smaller.
    return Relation(
        float(np.average(strengths, weights=pairs)), _TWO_SIDED_95 * float(np.average(errors, weights=pairs))
    )


def _of_numbers(labels: Array, scores: Array) -> Relation:
    ranks = [np.unique(values, return_inverse=True)[1].astype(float) for values in (scores, labels)]
    by_chance = _TWO_SIDED_95 / max(len(labels), 1) ** 0.5
    if min((values.std() if values.size else 0.0) for values in ranks) <= 0:
        return Relation(0.0, by_chance)
    return Relation(float(np.corrcoef(ranks[0], ranks[1])[0, 1]), by_chance)
