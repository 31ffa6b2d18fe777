"""Metrics with their direction, losses by row, and what a block bootstrap makes of them.

Each metric can be computed for many resamples of time blocks at once. What a resample needs is summed once per block,
so that a thousand resamples cost one matrix product: for means and ratios the sums of their terms, for ROC AUC the
number of correctly ordered pairs between each two blocks (the Mann-Whitney form of the area).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import SpecError, closest

Array = NDArray[np.float64]
Blocks = NDArray[np.int64]
_TINY = 1e-15


class Metric(ABC):
    """One measure of performance.

    Labels are 0 and 1 for a binary model (1 is positive), class positions for a multiclass model, values for a
    regression; scores are probabilities of the positive class, an array of class probabilities, or predicted values.
    """

    def __init__(self, name: str, *, higher_is_better: bool, relative: bool = False) -> None:
        self.name = name
        self.higher_is_better = higher_is_better
        self.relative = relative
        """Whether differences are read in units of the champion's value: errors that have the target's unit."""

    def __call__(self, labels: Array, scores: Array) -> float:
        """Return the value on all rows; NaN where it is not defined, such as ROC AUC with one class."""
        if len(labels) == 0:
            return float("nan")
        blocks = np.zeros(len(labels), dtype=np.int64)
        return float(self.resampled(labels, scores, blocks, np.ones((1, 1)))[0])

    @abstractmethod
    def resampled(self, labels: Array, scores: Array, blocks: Blocks, weights: Array) -> Array:
        """Return the value of each resample.

        Parameters
        ----------
        labels, scores : array of n rows
            See the class.
        blocks : array of int, shape (n,)
            The block of each row, from 0.
        weights : array of float, shape (resamples, blocks)
            How often each block was drawn.

        Returns
        -------
        array of float, shape (resamples,)
            NaN where the resample does not define the metric.
        """


class SumMetric(Metric):
    """A metric that is a function of sums over rows."""

    def __init__(
        self,
        name: str,
        terms: Callable[[Array, Array], Array],
        combine: Callable[[Array], Array],
        *,
        higher_is_better: bool,
        relative: bool = False,
    ) -> None:
        super().__init__(name, higher_is_better=higher_is_better, relative=relative)
        self._terms = terms
        self._combine = combine

    def resampled(self, labels: Array, scores: Array, blocks: Blocks, weights: Array) -> Array:
        """Return the value of each resample from the blocks' sums."""
        terms = np.column_stack([np.ones(len(labels)), self._terms(labels, scores)])
        sums = np.column_stack([np.bincount(blocks, weights=column, minlength=weights.shape[1]) for column in terms.T])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self._combine((weights @ sums).T), dtype=np.float64)


class RocAuc(Metric):
    """Area under the ROC curve, by counting ordered pairs (Mann and Whitney 1947; ties count half)."""

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
    """Average precision: precision at each distinct score, weighted by the recall it adds."""

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
            found = np.cumsum(drawn * ranked_labels)[last_of_tie]
            if found[-1] > 0:
                precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
                values[row] = float(np.sum(np.diff(found, prepend=0.0) * precision) / found[-1])
        return values


def losses(task: str, labels: Array, scores: Array) -> Array:
    """Return the loss of each row: log loss for classification, absolute error for regression.

    Parameters
    ----------
    task : str
        ``binary``, ``multiclass`` or ``regression``.
    labels, scores : array of n rows
        See :class:`Metric`.
    """
    if task == "regression":
        return np.asarray(np.abs(labels - scores), dtype=np.float64)
    return np.asarray(-np.log(np.clip(_probability_of_truth(labels, scores), _TINY, 1.0)), dtype=np.float64)


def metric(name: str, task: str) -> Metric:
    """Return one metric of a task.

    Raises
    ------
    SpecError
        If the task has no metric of this name. The message names the closest.
    """
    known = metrics_for(task)
    if name not in known:
        raise SpecError(f"{name!r} is not a metric of a {task} model.", closest(name, known))
    return known[name]


def metrics_for(task: str) -> dict[str, Metric]:
    """Return all metrics of a task by name."""
    return {each.name: each for each in _METRICS[task]}


def block_draws(blocks: int, resamples: int = 1000, seed: int = 0) -> Array:
    """Return how often each block is drawn in each resample of a block bootstrap, shape (resamples, blocks).

    Blocks are drawn with replacement, as many as there are (Künsch 1989, without overlap).
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(blocks, np.full(blocks, 1 / blocks), size=resamples).astype(np.float64)


@dataclass(frozen=True)
class Interval:
    """A value with its bootstrap interval."""

    value: float
    low: float
    high: float
    rows: int
    blocks: int


def interval(
    measure: Metric,
    labels: Array,
    scores: Array,
    blocks: Blocks,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return a metric with the percentile interval of a bootstrap over time blocks.

    Parameters
    ----------
    measure : Metric
        What is measured.
    labels, scores : array of n rows
        Rows with known labels only.
    blocks : array of int, shape (n,)
        The time block of each row, from 0.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    Interval
        The bounds are NaN where fewer than two blocks exist.
    """
    value = measure(labels, scores)
    count = int(blocks.max()) + 1 if len(blocks) else 0
    low, high = float("nan"), float("nan")
    if count > 1:
        drawn = measure.resampled(labels, scores, blocks, block_draws(count, resamples, seed))
        low, high = percentile_bounds(drawn, confidence)
    return Interval(value, low, high, len(labels), count)


def percentile_bounds(values: Array, confidence: float) -> tuple[float, float]:
    """Return the two-sided percentile bounds of the resamples that are defined; NaN where none is."""
    defined = values[np.isfinite(values)]
    if len(defined) == 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def _probability_of_truth(labels: Array, scores: Array) -> Array:
    if scores.ndim == 2:
        picked: Array = scores[np.arange(len(labels)), labels.astype(np.int64)]
        return picked
    return np.where(labels > 0.5, scores, 1 - scores)


def _correct(labels: Array, scores: Array) -> Array:
    predicted = scores.argmax(axis=1) if scores.ndim == 2 else (scores >= 0.5)
    return np.asarray(predicted == labels.astype(np.int64), dtype=np.float64)


def _confusion(labels: Array, scores: Array) -> Array:
    predicted, truth = scores >= 0.5, labels > 0.5
    return np.column_stack([predicted & truth, predicted & ~truth, ~predicted & truth]).astype(np.float64)


def _class_confusion(labels: Array, scores: Array) -> Array:
    truth = np.eye(scores.shape[1])[labels.astype(np.int64)]
    predicted = np.eye(scores.shape[1])[scores.argmax(axis=1)]
    return np.hstack([truth * predicted, predicted, truth])


def _macro_f1(sums: Array) -> Array:
    both, predicted, truth = np.split(sums[1:], 3)
    scores = np.where(predicted + truth > 0, 2 * both / (predicted + truth), np.nan)
    return np.asarray(np.nanmean(scores, axis=0), dtype=np.float64)


def _mean(sums: Array) -> Array:
    mean: Array = sums[1] / sums[0]
    return mean


def _moments(labels: Array, scores: Array) -> Array:
    return np.column_stack([(labels - scores) ** 2, labels, labels**2])


def _r2(sums: Array) -> Array:
    rows, errors, total, squares = sums
    explained: Array = 1 - errors / (squares - total**2 / rows)
    return explained


def _sum(name: str, terms: Any, combine: Any = _mean, *, better: str, relative: bool = False) -> SumMetric:
    return SumMetric(name, terms, combine, higher_is_better=better == "higher", relative=relative)


_METRICS: dict[str, tuple[Metric, ...]] = {
    "binary": (
        RocAuc(),
        AveragePrecision(),
        _sum("log_loss", lambda y, s: losses("binary", y, s), better="lower"),
        _sum("brier", lambda y, s: (y - s) ** 2, better="lower"),
        _sum("accuracy", _correct, better="higher"),
        _sum("f1", _confusion, lambda s: 2 * s[1] / (2 * s[1] + s[2] + s[3]), better="higher"),
    ),
    "multiclass": (
        _sum("accuracy", _correct, better="higher"),
        _sum("log_loss", lambda y, s: losses("multiclass", y, s), better="lower"),
        _sum("f1_macro", _class_confusion, _macro_f1, better="higher"),
    ),
    "regression": (
        _sum("mae", lambda y, s: np.abs(y - s), better="lower", relative=True),
        _sum("rmse", lambda y, s: (y - s) ** 2, lambda s: np.sqrt(s[1] / s[0]), better="lower", relative=True),
        _sum("r2", _moments, _r2, better="higher"),
    ),
}
