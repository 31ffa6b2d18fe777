"""The metrics of each task, and which of them decides where a spec names none."""

from __future__ import annotations

from typing import Any

import numpy as np

from airmedic_core.errors import SpecError, closest
from airmedic_core.metrics.base import Array, Metric, SumMetric
from airmedic_core.metrics.ranking import AveragePrecision, RocAuc
from airmedic_core.metrics.row_loss import losses


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


def is_relative(name: str) -> bool:
    """Return whether differences of a metric are shares of the value that they are compared with.

    >>> is_relative("mae"), is_relative("roc_auc")
    (True, False)
    """
    return any(measure.relative for measures in _METRICS.values() for measure in measures if measure.name == name)


def metrics_for(task: str) -> dict[str, Metric]:
    """Return all metrics of a task by name."""
    return {measure.name: measure for measure in _METRICS[task]}


def usual_metric(task: str) -> str:
    """Return the name of the metric that decides where a spec names none.

    >>> usual_metric("regression")
    'mae'
    """
    return _METRICS[task][0].name


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


def _one_row_more(labels: Array, scores: Array) -> float:
    """Return what one more row of the class that is expected less adds to the mean log loss.

    Where a window happens to have no row of a rare class, its loss is next to nothing and seems to be known exactly.
    """
    expected = float(np.clip(np.mean(scores), 1e-6, 1.0 - 1e-6))
    return -float(np.log(min(expected, 1.0 - expected))) / max(len(labels), 1)


def _sum(name: str, terms: Any, combine: Any = _mean, *, better: str, **known: Any) -> SumMetric:
    return SumMetric(name, terms, combine, higher_is_better=better == "higher", **known)


# The first metric of a task is its usual one.
_METRICS: dict[str, tuple[Metric, ...]] = {
    "binary": (
        RocAuc(),
        AveragePrecision(),
        _sum("log_loss", lambda y, s: losses("binary", y, s), better="lower", least_error=_one_row_more),
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
