"""The loss of each row, whose mean is the metric that a model of its task is fitted to."""

from __future__ import annotations

import numpy as np

from airmedic_core.metrics.base import Array

_TINY = 1e-15
"""Probability that stands in for 0, whose log loss would be infinite; scikit-learn's default until version 1.2."""


def loss_name(task: str) -> str:
    """Return the name of the metric that is the mean of the rows' losses."""
    return "mae" if task == "regression" else "log_loss"


def losses(task: str, labels: Array, scores: Array) -> Array:
    """Return the loss of each row: log loss for classification, absolute error for regression.

    Parameters
    ----------
    task : str
        ``binary``, ``multiclass`` or ``regression``.
    labels, scores : array of n rows
        See :class:`~airmedic_core.metrics.base.Metric`.

    Examples
    --------
    >>> losses("regression", np.array([3.0, 5.0]), np.array([2.0, 7.0]))
    array([1., 2.])
    >>> losses("binary", np.array([1.0, 0.0]), np.array([0.5, 0.5])).round(4)
    array([0.6931, 0.6931])
    """
    if task == "regression":
        return np.asarray(np.abs(labels - scores), dtype=np.float64)
    return np.asarray(-np.log(np.clip(_probability_of_truth(labels, scores), _TINY, 1.0)), dtype=np.float64)


def score_column(scores: Array) -> Array:
    """Return one number for each row: the score itself, or the highest probability of several classes."""
    scores = np.asarray(scores, float)
    return scores if scores.ndim == 1 else scores.max(axis=1)


def row_losses(task: str, labels: Array, scores: Array) -> Array:
    """Return the loss of each row; not-a-number where the label is not known.

    Parameters
    ----------
    task : str
        ``binary``, ``multiclass`` or ``regression``.
    labels, scores : array of n rows
        As :func:`losses` takes them; labels may be not-a-number.
    """
    labels = np.asarray(labels, float)
    lost = np.full(len(labels), np.nan)
    known = np.isfinite(labels)
    lost[known] = losses(task, labels[known], np.asarray(scores, float)[known])
    return lost


def _probability_of_truth(labels: Array, scores: Array) -> Array:
    if scores.ndim == 2:
        picked: Array = scores[np.arange(len(labels)), labels.astype(np.int64)]
        return picked
    return np.where(labels > 0.5, scores, 1 - scores)
