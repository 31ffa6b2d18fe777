"""Class mix: whether another share of the classes is all that a loss comes from (Saerens et al. 2002)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.verdicts.two_samples import ks_distance

if TYPE_CHECKING:
    from airmedic_core.comparison.context import LabelledRows
    from airmedic_core.metrics import Array

_LEAST_Z = 4.0
"""Standard errors by which a share must have moved: one in 15,000 windows, because shares also wander for other
reasons than the rows and the windows that the error knows of."""
_LEAST_ROWS = 10
"""Rows of a class, on either side, below which nothing is said of its scores."""
_LEAST_WINDOWS = 4
"""Windows of the baseline below which nothing is known of how shares wander."""
_SMALL_WOBBLE = 0.05
"""Distance that the scores of a class may have without any change, whatever the rows."""
_ONE_PERCENT = 1.63
"""Kolmogorov's limit at 1 % (Smirnov 1948)."""
_GAIN_ERRORS = 3.0
"""Standard errors by which another prior must save something of the loss."""
_SEEN = 0.25
"""Part of the move of a share that scores must show at the least, where the rows themselves are of another mix."""
_LEFT_OF_THE_MIX = 0.05
"""Share of the loss that the class mix costs on the baseline's rows. If more of the loss is left, it has another
reason."""


@dataclass(frozen=True)
class ClassMix:
    """Says how the share of a class has moved, and what that explains."""

    position: int
    """The class that moved most clearly; the positive one of two."""
    before: float
    now: float
    z: float
    """The move, in standard errors that rows and windows give."""
    moved: bool
    gain: float
    """Fraction of the loss that another prior saves."""
    distance: float
    """Says how far the scores within a class have moved, as a multiple of what chance and a small wobble explain."""
    explains: bool
    """Says whether the scores of each class are as before, and another prior saves what the mix costs."""
    unseen: bool
    """Says whether positives are missing of which the scores, which tell the classes apart, say that they are there."""


def class_mix(before: LabelledRows, now: LabelledRows, *, least_change: float, least_gain: float) -> ClassMix | None:
    """Compare the shares of the classes, and hold the loss against what their move costs by itself.

    Parameters
    ----------
    before, now : LabelledRows
        The baseline and the window, of a binary or multiclass model.
    least_change : float
        Smaller moves of a share are of no interest; of a rare class those by less than half of its share.
    least_gain : float
        Fraction of the loss that another prior must save to count.

    Returns
    -------
    ClassMix or None
        None where a class has no rows to compare.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context()
    >>> mix = class_mix(context.baseline, context.labelled, least_change=0.05, least_gain=0.02)
    >>> round(mix.before, 2), round(mix.now, 2), mix.moved
    (0.32, 0.28, False)
    """
    chances, past = _by_class(now.scores), _by_class(before.scores)
    labels, past_labels = now.labels.astype(np.intp), before.labels.astype(np.intp)
    classes = past.shape[1]
    old, new = (np.bincount(truth, minlength=classes) / len(truth) for truth in (past_labels, labels))
    if (old <= 0).any() or new.max() >= 1:
        return None
    z = (new - old) / np.hypot(np.sqrt(old * (1 - old) * (1 / len(now) + 1 / len(before))), _wobble(before, classes))
    large = np.abs(new - old) >= np.minimum(least_change, np.minimum(old, 1 - old) / 2)
    moved = (np.abs(z) > _LEAST_Z) & large
    top = 1 if classes == 2 else int(np.abs(np.where(moved, z, z / 1e6)).argmax())
    ratio = new / old
    left = _loss(_corrected(chances, ratio), labels)
    saved = now.losses - left
    gain = float(saved.mean()) / max(float(now.losses.mean()), 1e-9)
    certain = float(saved.mean()) > _GAIN_ERRORS * float(saved.std(ddof=1)) / np.sqrt(len(saved))
    distance = max(_distance(past[past_labels == at, at], chances[labels == at, at]) for at in range(classes))
    usual = _loss(_corrected(past, ratio), past_labels)
    fewer = classes == 2 and bool(new[1] < old[1])
    explains = bool(moved.any() and certain and gain > least_gain and distance < 1.0)
    return ClassMix(
        position=top,
        before=float(old[top]),
        now=float(new[top]),
        z=float(z[top]),
        moved=bool(moved.any()),
        gain=gain,
        distance=distance,
        explains=explains and not _more_is_left(left, usual, ratio[past_labels]),
        unseen=fewer and _unseen(past[:, 1], past_labels, chances[:, 1], float(new[1])),
    )


def _by_class(scores: Array) -> Array:
    """Return the chance of each class, shape (rows, classes)."""
    chances = scores if scores.ndim == 2 else np.column_stack([1.0 - scores, scores])
    return np.clip(chances, 1e-6, 1 - 1e-6)


def _wobble(before: LabelledRows, classes: int) -> Array:
    """Return how much the shares of windows differ; 0 where too few tell."""
    numbers = np.unique(before.windows)
    if len(numbers) < _LEAST_WINDOWS:
        return np.zeros(classes)
    within = [before.labels[before.windows == number].astype(np.intp) for number in numbers]
    shares = np.array([np.bincount(truth, minlength=classes) / len(truth) for truth in within])
    spread: Array = shares.std(axis=0, ddof=1)
    return spread


def _corrected(chances: Array, ratio: Array) -> Array:
    """Return the chances under another prior."""
    weighted = chances * ratio
    corrected: Array = weighted / weighted.sum(axis=1, keepdims=True)
    return corrected


def _unseen(past: Array, past_labels: np.ndarray, scores: Array, share: float) -> bool:
    """Return whether the mean score is that of the old mix, and clearly not that of the share of the labels.

    Where more rows of a class come, their scores come with them. Positives that are lost, or that come later, read as
    negatives and leave the scores as they were. More positives than the scores tell are a changed relation.
    """
    positive, negative = past[past_labels == 1], past[past_labels == 0]
    apart = float(positive.mean() - negative.mean())
    if apart <= 0 or min(len(positive), len(negative)) < _LEAST_ROWS:
        return False
    seen, usual = (float(part.mean() - negative.mean()) / apart for part in (scores, past))
    error = float(np.hypot(scores.std() / len(scores) ** 0.5, past.std() / len(past) ** 0.5)) / apart
    return abs(seen - share) > _LEAST_Z * error and abs(seen - usual) < _SEEN * abs(share - usual)


def _loss(chances: Array, labels: np.ndarray) -> Array:
    return np.asarray(-np.log(np.maximum(chances[np.arange(len(labels)), labels], 1e-15)), dtype=np.float64)


def _more_is_left(left: Array, usual: Array, weights: Array) -> bool:
    """Say whether another prior leaves more of the loss than the same class mix costs on rows of the baseline."""
    expected = float(weights @ usual / weights.sum())
    error = np.hypot((weights * (usual - expected)).std() / len(usual) ** 0.5, left.std() / len(left) ** 0.5)
    return float(left.mean()) - expected > max(2.0 * float(error), _LEFT_OF_THE_MIX * expected)


def _distance(first: Array, second: Array) -> float:
    """Return the Kolmogorov–Smirnov distance as a multiple of what chance and a small wobble explain."""
    if len(first) < _LEAST_ROWS or len(second) < _LEAST_ROWS:
        return 0.0
    limit = _SMALL_WOBBLE + _ONE_PERCENT * np.sqrt(1 / len(first) + 1 / len(second))
    return float(ks_distance(first, second) / limit)
