"""Labels under each other's names: the relation is exactly what it was, once the classes are named back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows
    from airmedic_core.metrics import Array

_LEAST_ROWS = 50
"""Labelled rows: of fewer, a handful of labels decides which naming fits."""
_LOST = 0.01
"""Sets how likely the loss is by chance at the most, in one of the metrics that decide. What follows is far less
likely by chance: that another naming gives the loss back."""
_GIVEN_BACK = 0.75
"""Part of the loss, in each of these metrics that fell, that the other naming gives back. A relation that really turned
round has no reason to keep the strength of every part of it, nor to turn the share of the classes round as well."""
_LEAST_SPREAD = 0.02
"""Error of the part that is given back, at the least: bounds what one metric says against all others."""
_TOLD_APART = 0.4
"""Distance of the mean answers from those with exchanged classes, from which it tells which of the two has come: that
of 40 and 60 %. Inputs that move a little take less from one to the other."""
_ERRORS = 2.58
"""Standard errors that a mean answer must lie from zero for its sign to tell: chance does so in 1 of 100 windows."""
_NO_CHANCE = 0.05
"""Sets how likely what is left of the loss must be by chance, where less than that is given back."""


def relabelled(
    context: CheckContext, now: LabelledRows, *, least_drop: float, least_relative_drop: float
) -> dict[int, int] | None:
    """Return the class behind each label, where that alone explains a loss; None where it does not.

    Parameters
    ----------
    context : CheckContext
        The window.
    now : LabelledRows
        The labelled rows, of a binary or multiclass model.
    least_drop, least_relative_drop : float
        Smaller losses are of no interest.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> exchanged = example_context(lambda day: day.assign(default=1.0 - day["default"]))
    >>> relabelled(exchanged, exchanged.labelled, least_drop=0.03, least_relative_drop=0.1)
    {0: 1, 1: 0}
    """
    if context.spec.task == "regression" or len(now) < _LEAST_ROWS:
        return None
    naming = _best_naming(now) if len(np.unique(now.labels)) > 1 else None
    if naming is None or not _labels_turned(context, now, naming):
        return None
    labels = naming[now.labels.astype(np.intp)].astype(float)
    if not _given_back(context, now, labels, least_drop=least_drop, least_relative_drop=least_relative_drop):
        return None
    return {given: int(naming[given]) for given in range(len(naming)) if naming[given] != given}


def turned(context: CheckContext, now: LabelledRows, *, least_drop: float, least_relative_drop: float) -> bool:
    """Return whether labels of a regression have the other sign, and that alone explains a loss.

    Where all labels lay on one side of zero, their values tell; here their relation to the answers does.

    Parameters
    ----------
    context : CheckContext
        The window.
    now : LabelledRows
        The labelled rows.
    least_drop, least_relative_drop : float
        Smaller losses are of no interest.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(task="regression", target="income", prediction={"score": "amount"})
    >>> turned(context, context.labelled, least_drop=0.03, least_relative_drop=0.1)
    False
    """
    if context.spec.task != "regression" or len(now) < _LEAST_ROWS:
        return False
    if context.earlier_version is not None and not _did_well(context):
        return False
    if not now.labels.min() < 0 < now.labels.max() or not np.ptp(now.scores):
        return False
    if float(np.corrcoef(now.labels, now.scores)[0, 1]) >= 0:
        return False
    if context.baseline is not None and _signs_turned(context.baseline, now):
        return False
    return _given_back(context, now, -now.labels, least_drop=least_drop, least_relative_drop=least_relative_drop)


def _labels_turned(context: CheckContext, now: LabelledRows, naming: NDArray[np.intp]) -> bool:
    """Return whether it is the labels that turned round, and not the answers.

    Answers that turned round lie elsewhere than they did, unless all classes are as frequent. A version that has served
    a window in which it did well answers the right way round. Of a new one that has not, the version before says which
    of the two it is, on the same rows.
    """
    if context.baseline is not None and _answers_turned(context.baseline, now, naming):
        return False
    if context.earlier_version is None:
        return True
    if _did_well(context):
        return True
    if context.previous is None:
        return False
    before = _best_naming(replace(now, scores=context.previous[1]))
    return before is not None and bool((before == naming).all())


def _answers_turned(before: LabelledRows, now: LabelledRows, naming: NDArray[np.intp]) -> bool:
    """Return whether the answers are as usual once their classes are named back, more than they are as they stand."""
    usual, current = (_by_class(rows.scores).mean(axis=0) for rows in (before, now))
    if float(np.abs(usual[naming] - usual).sum()) < _TOLD_APART:
        return False
    return bool(np.abs(current[naming] - usual).sum() < np.abs(current - usual).sum())


def _signs_turned(before: LabelledRows, now: LabelledRows) -> bool:
    """Return whether the answers lie where they did with the other sign, for certain; around zero they cannot tell."""
    usual, current = float(before.scores.mean()), float(now.scores.mean())
    error = float(before.scores.std()) * (1.0 / len(now) + 1.0 / len(before)) ** 0.5
    return abs(usual) > _ERRORS * error and abs(current + usual) < abs(current - usual)


def _by_class(scores: Array) -> Array:
    """Return the chance of each class, shape (rows, classes)."""
    return scores if scores.ndim == 2 else np.column_stack([1.0 - scores, scores])


def _did_well(context: CheckContext) -> bool:
    """Return whether the version in service has served a healthy window whose labels were known."""
    from airmedic_core.measures.loss_change import deciding_metrics, first_windows

    return any(first_windows(context, measure.name) for measure in deciding_metrics(context.spec))


def _given_back(
    context: CheckContext, now: LabelledRows, labels: Array, *, least_drop: float, least_relative_drop: float
) -> bool:
    """Return whether performance was lost, and other labels for the same rows give all of it back."""
    from airmedic_core.measures.loss_change import compare, deciding_metrics
    from airmedic_core.metrics import losses

    back = replace(now, labels=labels, losses=losses(context.spec.task, labels, now.scores))
    certain, evidence = False, 0.0
    for measure in deciding_metrics(context.spec):
        lost, given_back = (
            compare(context, rows, measure, least_drop=least_drop, least_relative_drop=least_relative_drop)
            for rows in (now, back)
        )
        if lost is None or given_back is None:
            continue
        fallen = lost.difference < -lost.floor
        certain |= fallen and lost.p_value < _LOST
        if fallen:
            evidence += of_all(-lost.difference, given_back.difference - lost.difference, given_back.spread)
        still_lost = given_back.difference < ((1.0 - _GIVEN_BACK) * lost.difference if fallen else -lost.floor)
        if still_lost and given_back.p_value < _NO_CHANCE:
            return False
    return certain and evidence > 0


def of_all(lost: float, given_back: float, error: float) -> float:
    """Return the evidence that all of a loss is given back and not any part of it, as a logarithm.

    Exchanged names give back all, but for an error; a relation that turned round in part gives back any part, one as
    likely as another. Where few rows leave a wide error, neither says more.

    Parameters
    ----------
    lost, given_back : float
        Positive.
    error : float
        Standard error of the metric on so many rows.

    Examples
    --------
    >>> [round(of_all(lost, given_back, error), 1) for lost, given_back, error in ((0.6, 0.58, 0.04), (0.6, 0.45, 0.04),
    ...                                                                            (0.2, 0.16, 0.12))]
    [1.7, -5.2, -0.5]
    """
    share, spread = given_back / lost, max(error / lost, _LEAST_SPREAD)
    # The density of all, at what was given back, against 1: that of any part.
    return float(-0.5 * (min(share - 1.0, 0.0) / spread) ** 2 - np.log(spread * np.sqrt(2.0 * np.pi)))


def _best_naming(now: LabelledRows) -> NDArray[np.intp] | None:
    """Return the likeliest class behind each label, by what the model says of its rows; None where it is the label."""
    if not np.ptp(now.scores, axis=0).any():
        # Answers that are all the same tell no class from another, by whatever names.
        return None
    scores = _by_class(now.scores)
    classes = scores.shape[1]
    logs = np.log(np.clip(scores, 1e-6, 1.0))
    labels = now.labels.astype(np.intp)
    cost = np.array([-logs[labels == label].sum(axis=0) for label in range(classes)])
    naming = _cheapest(cost)
    return None if (naming == np.arange(classes)).all() else naming


def _cheapest(cost: Array) -> NDArray[np.intp]:
    """Return the class of each label that costs least together, each class for one label."""
    if len(cost) == 2:  # SciPy's search takes longer to import than all other checks of two classes
        return np.array([1, 0] if cost[0, 1] + cost[1, 0] < cost[0, 0] + cost[1, 1] else [0, 1], dtype=np.intp)
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(cost)[1], dtype=np.intp)
