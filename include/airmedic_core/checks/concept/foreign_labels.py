"""Labels of other rows: nothing in their own rows tells them apart any more, and no model could learn to.

A relation that has changed can be learned anew: a model that is fitted on the window finds it, trees or a sum of the
inputs. Labels that were put to other rows, by a join on the wrong key or a file in another order, have no relation to
learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from airmedic_core.metrics import score_column

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows
    from airmedic_core.measures.relation import Relation

_ERRORS = 2.58
"""Standard errors within which a relation of none lies by chance in 99 of 100 windows."""
_HIDDEN = 0.25
"""Part of what a fresh model finds in sound rows that may be hidden by chance in those of the window, at the most. A
convention: a new relation with a quarter of the usual strength is hardly worth a training."""
_AS_EVER = 0.01
"""Says how likely it must be that labels as a whole lie where the answers expect them. A world that has changed moves
them; a wrong join leaves them."""
_STILL_APART = 0.7
"""Part of their usual spread that answers must have. Rows that are all alike leave nothing to be told apart: at 0.7,
half of the variance is left."""
_PIECES = 3
"""Stretches of the baseline, each as long as the window, that tell what a fresh model finds in sound rows."""
_MOST_ROWS = 2000
"""Rows that a model is fitted on: more take longer, and what is looked for shows in some hundred."""


class Foreign(NamedTuple):
    """Labels that nothing predicts, as strengths of a relation; see :mod:`airmedic_core.measures.relation`."""

    usual: float
    """Of the answers of the model in production, in the baseline."""
    now: float
    relearned_before: float
    """Of a model fitted on as many rows of the baseline: the mean of some stretches."""
    relearned: float
    """The same of the window's own rows."""
    by_chance: float
    """Says how far from 0 the last is by chance (95 %)."""


def foreign_labels(context: CheckContext, before: LabelledRows, now: LabelledRows) -> Foreign | None:
    """Return how little labels have to do with their rows; None where they do, or where it cannot be told.

    A new relation may be weaker than the old one. So it is not enough that a fresh model learns less than in sound
    rows: the upper end of the 95 % interval of what it learns has to be a small part of that. Few rows, or a weak
    model, never show this, and nothing is said of them.

    Parameters
    ----------
    context : CheckContext
        The window.
    before, now : LabelledRows
        The baseline and the window.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from airmedic_core.measures.loss_by_inputs import bounded
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context()
    >>> usual = bounded(context.baseline, 1000)
    >>> other = replace(usual, labels=usual.labels[::-1])
    >>> [foreign_labels(context, context.baseline, rows) is None for rows in (usual, other)]
    [True, False]
    """
    from airmedic_core.checks.concept.error_bias import level_p_value
    from airmedic_core.measures.loss_by_inputs import bounded
    from airmedic_core.measures.lost_relation import lost_relation
    from airmedic_core.measures.relation import relation

    lost = lost_relation(context.spec.task, before, now, errors=_ERRORS)
    # Of a weak model and few rows, all may be lost by chance.
    if lost is None or lost.usual - abs(lost.now) <= _ERRORS * lost.error:
        return None
    if not _as_different(before, now) or level_p_value(before, now) < _AS_EVER:
        return None
    rows = bounded(now, _MOST_ROWS)
    # With so few rows, no relation could be excluded, however little a fresh model learns of them.
    if relation(context.spec.task, rows.labels, rows.scores).by_chance > _HIDDEN:
        return None
    # A relation that turned round in one group shows best in the answers and the group together.
    relearned = _strongest(context, rows, with_answers=(False, True))
    at_most = max(relearned.strength, 0.0) + relearned.by_chance
    if at_most > _HIDDEN:
        return None
    sound = [_strongest(context, piece) for piece in _pieces(before, len(rows))]
    usual = float(np.mean([known.strength for known in sound]))
    if at_most > _HIDDEN * usual:
        return None
    return Foreign(lost.usual, lost.now, usual, relearned.strength, relearned.by_chance)


def _as_different(before: LabelledRows, now: LabelledRows) -> bool:
    """Return whether answers differ from row to row about as much as they did."""
    usual = float(score_column(before.scores).std())
    return float(score_column(now.scores).std()) >= _STILL_APART * usual > 0


def _strongest(context: CheckContext, rows: LabelledRows, with_answers: Sequence[bool] = (False,)) -> Relation:
    """Return the strongest relation that trees or a linear model find."""
    from airmedic_core.measures.refitted import refitted_relation

    relations = [
        refitted_relation(context, rows, with_answers=known, linear=linear)
        for known in with_answers
        for linear in (False, True)
    ]
    return max(relations, key=lambda known: known.strength)


def _pieces(before: LabelledRows, rows: int) -> list[LabelledRows]:
    """Return stretches of the baseline, each as long as the window; all of it where it is shorter."""
    from airmedic_core.comparison.context import LabelledRows as Rows

    count = int(np.clip(len(before) // rows, 1, _PIECES))
    starts = np.linspace(0, max(len(before) - rows, 0), count).astype(int)
    kept = [slice(start, start + rows) for start in starts]
    return [
        Rows(before.frame.iloc[at], before.labels[at], before.scores[at], before.losses[at], before.windows[at])
        for at in kept
    ]
