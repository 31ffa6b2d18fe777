"""Says what the rows of two windows share, and what a metric is worth on it.

A loss of performance is taken apart on the inputs that both windows have (Cai, Namkoong, Yadlowsky 2023, Diagnosing
model performance under distribution shift, arXiv:2303.02011): a classifier that tells the two windows apart gives each
row the weight that turns either window into the shared one. The weights are bounded, so that inputs seen on one side
only do not upset the estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.metrics import Array, block_draws, percentile_bounds, score_column, time_blocks
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows

Weighted = Callable[["LabelledRows", Array], float]
"""Takes rows and their weights, and returns a metric of which more is better."""

MOST_ROWS = 6000
"""Labelled rows of each side that a loss is taken apart on: more take longer and hardly narrow the interval, which the
window's rows decide."""
SMALL_TREES = {
    "max_leaf_nodes": 8, "learning_rate": 0.08, "min_samples_leaf": 30, "l2_regularization": 1.0,
    "early_stopping": False, "random_state": 0,
}  # fmt: skip
"""Boosted trees for some thousand rows: small and slow to learn, so that they follow no single row; seeded, so that the
same rows give the same answer."""
_TREES = 60
"""Trees of the classifier that tells two windows apart."""
_FOLDS = 3
"""Parts of the rows for cross-fitting: no row is judged by a classifier that has seen it (Chernozhukov et al. 2018)."""
_LEAST_CHANCE = 0.02
"""Bounds the weight of a row that only one of the windows has: no row counts more than 50 times another."""
_OTHER = 100.0
"""Number of all categories that are not among the frequent ones, of which there are at most 100."""


@dataclass(frozen=True)
class Parts:
    """A loss of performance, taken apart. All positive where performance was lost."""

    total: float
    relation: float
    """The part that is lost on inputs that both windows have."""
    inputs: float
    """The part that is lost because the inputs moved."""
    low: float
    high: float
    """95 % interval of ``relation``."""
    separation: float
    """Says how well the windows can be told apart by their inputs: area under the ROC curve."""


def take_apart(
    context: CheckContext, before: LabelledRows, now: LabelledRows, metric: Weighted, *, draws: int = 100
) -> Parts:
    """Take the difference of a metric between two windows apart.

    Parameters
    ----------
    context : CheckContext
        Says which columns are inputs.
    before, now : LabelledRows
        The two windows.
    metric : Weighted
        What was lost: :func:`mean_loss` or :func:`weighted_auc`.
    draws : int
        Resamples of the interval.
    """
    chance, separation = _membership(context, before, now)
    first, second = np.split(chance, [len(before)])
    ones = metric(before, np.ones(len(before))), metric(now, np.ones(len(now)))
    shared = metric(before, first), metric(now, 1.0 - second)
    blocks = time_blocks(len(before)), time_blocks(len(now))
    drawn = [block_draws(int(block.max()) + 1, draws, seed) for seed, block in enumerate(blocks)]
    relations = np.array(
        [
            metric(before, first * mine[blocks[0]]) - metric(now, (1.0 - second) * theirs[blocks[1]])
            for mine, theirs in zip(*drawn, strict=True)
        ]
    )
    low, high = percentile_bounds(relations, 0.95)
    total, relation = ones[0] - ones[1], shared[0] - shared[1]
    return Parts(total, relation, total - relation, low, high, separation)


def mean_loss(rows: LabelledRows, weights: Array) -> float:
    """Return the weighted mean loss, negated so that greater is better.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.comparison.context import LabelledRows
    >>> nothing = np.zeros(3)
    >>> rows = LabelledRows(pd.DataFrame(), nothing, nothing, np.array([1.0, 2.0, 6.0]), nothing.astype(int))
    >>> mean_loss(rows, np.ones(3)), mean_loss(rows, np.array([1.0, 1.0, 0.0]))
    (-3.0, -1.5)
    """
    return -float(weights @ rows.losses / max(float(weights.sum()), 1e-12))


def weighted_auc(rows: LabelledRows, weights: Array) -> float:
    """Return the weighted area under the ROC curve; ties count half.

    Examples
    --------
    >>> import pandas as pd
    >>> from airmedic_core.comparison.context import LabelledRows
    >>> labels, scores = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.4, 0.35, 0.8])
    >>> rows = LabelledRows(pd.DataFrame(), labels, scores, np.zeros(4), np.zeros(4, dtype=int))
    >>> weighted_auc(rows, np.ones(4)), weighted_auc(rows, np.array([1.0, 3.0, 1.0, 1.0]))
    (0.75, 0.625)
    """
    order = np.argsort(rows.scores, kind="stable")
    scores, labels, sorted_weights = rows.scores[order], rows.labels[order] > 0.5, weights[order]
    negatives = np.where(labels, 0.0, sorted_weights)
    upto = np.concatenate([[0.0], np.cumsum(negatives)])
    left = np.searchsorted(scores, scores, side="left")
    right = np.searchsorted(scores, scores, side="right")
    below = (upto[left] + upto[right]) / 2.0
    positives = np.where(labels, sorted_weights, 0.0)
    area = float(positives.sum() * negatives.sum())
    return float(positives @ below / area) if area > 0 else float("nan")


def features(context: CheckContext, rows: pd.DataFrame, scores: Array) -> tuple[Array, list[int]]:
    """Return the inputs and the score as one array, and which columns are categories.

    Parameters
    ----------
    context : CheckContext
        Says which columns are inputs.
    rows : DataFrame
        The rows.
    scores : array, shape (rows,) or (rows, classes)
        What the model answered.
    """
    inputs, categorical = inputs_of(context, rows)
    return np.column_stack([inputs, score_column(scores)]), categorical


def inputs_of(context: CheckContext, rows: pd.DataFrame) -> tuple[Array, list[int]]:
    """Return the inputs as one array, and which columns are categories."""
    from airmedic_core.profile.values import category_names

    edges = context.profile.edges
    columns, categorical = [], []
    for name in edges.numeric:
        if name in rows and name not in context.profile.missing:
            values = numbers(rows[name])[0]
            finite = np.isfinite(values)
            columns.append(np.where(finite, values, np.nan) if finite.any() else np.zeros(len(values)))
    for name, known in edges.categorical.items():
        if name in rows and name not in context.profile.missing:
            categorical.append(len(columns))
            position = {value: float(at) for at, value in enumerate(known.top)}
            columns.append(np.array([position.get(value, _OTHER) for value in category_names(rows[name])]))
    return np.column_stack(columns) if columns else np.zeros((len(rows), 0)), categorical


def bounded(rows: LabelledRows, most: int = MOST_ROWS) -> LabelledRows:
    """Return at most so many rows, evenly spread over time."""
    from airmedic_core.comparison.context import LabelledRows

    if len(rows) <= most:
        return rows
    kept = np.linspace(0, len(rows) - 1, most).astype(int)
    return LabelledRows(
        rows.frame.iloc[kept], rows.labels[kept], rows.scores[kept], rows.losses[kept], rows.windows[kept]
    )


def _membership(context: CheckContext, before: LabelledRows, now: LabelledRows) -> tuple[Array, float]:
    """Return the chance that each row is of the current window if both were equally large, by cross-fitting."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from threadpoolctl import threadpool_limits

    first, categorical = features(context, before.frame, before.scores)
    second, _ = features(context, now.frame, now.scores)
    rows, member = np.vstack([first, second]), np.repeat([0, 1], [len(first), len(second)])
    weights = np.where(member == 1, 0.5 / len(second), 0.5 / len(first)) * len(member)
    fold = np.random.default_rng(0).permutation(len(member)) % _FOLDS
    chance = np.full(len(member), 0.5)
    for held in range(_FOLDS):
        model = HistGradientBoostingClassifier(max_iter=_TREES, categorical_features=categorical or None, **SMALL_TREES)
        inside = fold == held
        if len(np.unique(member[~inside])) == 2 and inside.any():
            # On a busy machine many threads wait for each other longer than one works.
            with threadpool_limits(1):
                model.fit(rows[~inside], member[~inside], sample_weight=weights[~inside])
                chance[inside] = model.predict_proba(rows[inside])[:, 1]
    separation = float(roc_auc_score(member, chance))
    return np.clip(chance, _LEAST_CHANCE, 1.0 - _LEAST_CHANCE), separation
