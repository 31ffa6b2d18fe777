"""Says whether errors lean one way more than they do from window to window.

The size of errors says little in one window of few rows: it is skewed, and it differs from day to day. Their sign is
steadier: if nothing has changed, labels lie on both sides of the answers as they did before. Two means of the signed
errors are looked at (Cox 1958, Two further applications of a model for binary regression, Biometrika 45:562–565, looks
at level and slope too): of the errors themselves, which a change of level moves, and of the errors times the score,
which moves where labels follow the answers less, or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.measures.loss_change import WINDOWS_OF_LOSSES
from airmedic_core.metrics import Array, time_blocks
from airmedic_core.verdicts.moderated import moderated_z

if TYPE_CHECKING:
    from airmedic_core.comparison.context import LabelledRows

_LEAST_BLOCKS = 5
"""Blocks of time below which their means do not say how rows depend on each other."""
_FARTHEST = 3.0
"""Standard deviations beyond which a score counts no more."""


def bias_p_value(before: LabelledRows, now: LabelledRows) -> float:
    """Return how likely errors lean so much by chance, given how they lean in each window of the baseline.

    Parameters
    ----------
    before : LabelledRows
        Of the baseline, which the model was not fitted on.
    now : LabelledRows
        Of the window in question.

    Returns
    -------
    float
        Two-sided, of the more certain of level and slope, doubled because it is one of two.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> usual, missed = example_context(), example_context(lambda day: day.assign(default=0.0))
    >>> round(bias_p_value(usual.baseline, usual.labelled), 2)
    0.68
    >>> bias_p_value(missed.baseline, missed.labelled) < 1e-6
    True
    """
    old, new = (_outcome_and_answer(rows) for rows in (before, now))
    centre, spread = float(old[1].mean()), max(float(old[1].std()), 1e-9)

    def signed(outcome: Array, answer: Array) -> Array:
        score = np.clip((answer - centre) / spread, -_FARTHEST, _FARTHEST)
        return np.column_stack([np.ones(len(score)), score]) * (outcome - answer)[:, None]

    earlier, current = signed(*old), signed(*new)
    return _p_value(before, earlier, current, earlier.var(axis=0))


def level_p_value(before: LabelledRows, now: LabelledRows) -> float:
    """Return how likely labels lie so far above or below the answers as a whole, by chance.

    Labels that are put to other rows of their window miss the answers one by one and meet them as a whole.

    Parameters
    ----------
    before, now : LabelledRows
        As :func:`bias_p_value` takes them.

    Returns
    -------
    float
        Two-sided; of several classes, of the one that moved most, times their number.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> other = example_context(lambda day: day.assign(default=day["default"].to_numpy()[::-1]))
    >>> missed = example_context(lambda day: day.assign(default=0.0))
    >>> [level_p_value(day.baseline, day.labelled) > 0.01 for day in (other, missed)]
    [True, False]
    """
    earlier, current = (_errors(rows) for rows in (before, now))
    # Labels of other rows miss by more than those of their own, and their mean has the error that this gives it.
    return _p_value(before, earlier, current, np.maximum(earlier.var(axis=0), current.var(axis=0)))


def _errors(rows: LabelledRows) -> Array:
    """Return what came less what was expected, one column for each class of several."""
    if rows.scores.ndim == 1:
        return (rows.labels - rows.scores)[:, None]
    came: Array = (rows.labels[:, None] == np.arange(rows.scores.shape[1])).astype(np.float64)
    return came - rows.scores


def _p_value(before: LabelledRows, earlier: Array, current: Array, of_rows: Array) -> float:
    """Return how likely the most certain of several means is by chance, times their number."""
    numbers = np.unique(before.windows)
    history = np.array([earlier[before.windows == number].mean(axis=0) for number in numbers])
    rows = np.array([int((before.windows == number).sum()) for number in numbers])
    variance = of_rows * np.maximum(_inflation(earlier), _inflation(current))
    result = moderated_z(
        history, variance / rows[:, None], current.mean(axis=0), variance / len(current),
        whole=earlier.mean(axis=0), whole_noise=variance / len(before), expected=WINDOWS_OF_LOSSES,
    )  # fmt: skip
    return min(len(result.p_value) * float(result.p_value.min()), 1.0)


def _inflation(signed: Array) -> Array:
    """Return how many times as much means of neighbouring rows vary as means of independent rows would; 1 or more.

    Errors of neighbouring rows lean alike: all hours of a warm day are higher than was expected.
    """
    blocks = time_blocks(len(signed))
    rows = np.bincount(blocks).astype(float)
    if len(rows) < _LEAST_BLOCKS:
        return np.ones(signed.shape[1])
    means = np.column_stack([np.bincount(blocks, weights=column) / rows for column in signed.T])
    between = (rows[:, None] * (means - signed.mean(axis=0)) ** 2).sum(axis=0) / (len(rows) - 1)
    inflation: Array = np.maximum(between / np.maximum(signed.var(axis=0), 1e-12), 1.0)
    return inflation


def _outcome_and_answer(rows: LabelledRows) -> tuple[Array, Array]:
    """Return what came and what was expected; of several classes, whether the likeliest came, and its probability."""
    if rows.scores.ndim == 1:
        return rows.labels, rows.scores
    return np.asarray(rows.scores.argmax(axis=1) == rows.labels, dtype=np.float64), rows.scores.max(axis=1)
