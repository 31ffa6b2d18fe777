"""Says what a metric is, and metrics that follow from sums over rows.

Each metric can be computed for many resamples of time blocks at once. What a resample needs is summed once per block,
so that a thousand resamples cost one matrix product.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Blocks = NDArray[np.int64]


class Metric(ABC):
    """One measure of performance.

    Labels are 0 and 1 for a binary model (1 is positive), class positions for a multiclass model, values for a
    regression; scores are probabilities of the positive class, an array of class probabilities, or predicted values.

    Parameters
    ----------
    name : str
        Its name.
    higher_is_better : bool
        Its direction.
    relative : bool
        Whether differences are read in units of the champion's value: errors that have the target's unit.
    """

    def __init__(self, name: str, *, higher_is_better: bool, relative: bool = False) -> None:
        self.name = name
        self.higher_is_better = higher_is_better
        self.relative = relative

    def __call__(self, labels: Array, scores: Array) -> float:
        """Return the value on all rows; NaN where it is not defined, such as ROC AUC with one class."""
        if len(labels) == 0:
            return float("nan")
        blocks = np.zeros(len(labels), dtype=np.int64)
        return float(self.resampled(labels, scores, blocks, np.ones((1, 1)))[0])

    def least_error(self, labels: Array, scores: Array, value: float) -> float:  # noqa: ARG002  of those that need them
        """Return the standard error that the metric has at the least on these rows, whatever resamples say.

        Parameters
        ----------
        labels, scores : array of n rows
            See the class.
        value : float
            The metric on them.
        """
        return 0.0

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
    """A metric that is a function of sums over rows, such as a mean.

    Parameters
    ----------
    name : str
        Its name.
    terms : callable
        From labels and scores to what is summed, shape (rows,) or (rows, terms).
    combine : callable
        From the sums, shape (1 + terms, resamples), of which the first is the number of rows, to the values.
    higher_is_better : bool
        Its direction.
    relative : bool
        See :class:`Metric`.
    least_error : callable, optional
        From labels and scores to the standard error that the value has at the least.

    Examples
    --------
    >>> squares = SumMetric("mse", lambda y, s: (y - s) ** 2, lambda sums: sums[1] / sums[0], higher_is_better=False)
    >>> squares(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    2.0
    """

    def __init__(
        self,
        name: str,
        terms: Callable[[Array, Array], Array],
        combine: Callable[[Array], Array],
        *,
        higher_is_better: bool,
        relative: bool = False,
        least_error: Callable[[Array, Array], float] | None = None,
    ) -> None:
        super().__init__(name, higher_is_better=higher_is_better, relative=relative)
        self._terms = terms
        self._combine = combine
        self._least_error = least_error

    def least_error(self, labels: Array, scores: Array, value: float) -> float:
        """Return the standard error that the value has at the least."""
        return self._least_error(labels, scores) if self._least_error else super().least_error(labels, scores, value)

    def resampled(self, labels: Array, scores: Array, blocks: Blocks, weights: Array) -> Array:
        """Return the value of each resample from the blocks' sums."""
        terms = np.column_stack([np.ones(len(labels)), self._terms(labels, scores)])
        sums = np.column_stack([np.bincount(blocks, weights=column, minlength=weights.shape[1]) for column in terms.T])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self._combine((weights @ sums).T), dtype=np.float64)
