"""Keeps a challenger out of service although its metric is good: leaks, wrong probabilities, slowness, size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.measures.telling_columns import gives_away
from airmedic_core.metrics import Array, Metric, SumMetric

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.inputs import Inputs
    from airmedic_core.spec import ModelSpec

_NEARLY_THE_ANSWER = 0.999
"""AUC, share of the rows or rank correlation from which on one new input alone is taken for the answer itself. What
refuses a challenger has to be next to certain, and `airmedic init` warns much earlier: the load of the hour before
tells the load of this hour with a rank correlation of 0.98, and is known in time."""
_SLOW_SECONDS_A_ROW = 0.001
"""Nobody waits for less, however many times slower it is than almost nothing."""
_LARGE_BYTES = 100_000_000
"""Any machine that serves models has memory for less, however many times larger it is than almost nothing."""


def leaks(spec: ModelSpec, champion: Inputs, challenger: Inputs, frame: pd.DataFrame) -> list[str]:
    """Return why a challenger knows the answer from its inputs; nothing if it does not.

    Inputs that the champion takes as well are not judged: they have been in production.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    champion, challenger : Inputs
        What the two take.
    frame : pandas.DataFrame
        Labelled rows.
    """
    problems = []
    for name in challenger.columns:
        if name == spec.target:
            problems.append(f"The challenger takes the target {name!r} as an input.")
        elif name in champion.columns:
            continue
        elif name in spec.exclude:
            problems.append(f"The challenger takes {name!r}, which the spec excludes.")
        elif name in frame.columns and spec.target in frame.columns:
            told = gives_away(frame[name], frame[spec.target], spec.task, at_least=_NEARLY_THE_ANSWER)
            if told:
                problems.append(f"The challenger takes {name!r}, which the champion does not, and {told}.")
    return problems


def probability_error(task: str) -> Metric | None:
    """Return the error of probabilities, from 0 to 1; None for a task that has none.

    The Brier score of all classes (Brier 1950), halved, so that it has the same scale for two classes and for many.

    Examples
    --------
    >>> error = probability_error("multiclass")
    >>> error(np.array([0.0, 1.0]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    0.5
    """
    if task == "regression":
        return None
    terms = _squared_distances if task == "multiclass" else lambda labels, scores: (labels - scores) ** 2
    return SumMetric("probability error", terms, lambda sums: sums[1] / sums[0], higher_is_better=False)


def slower(spec: ModelSpec, champion_seconds: float, challenger_seconds: float, rows: int) -> list[str]:
    """Return that a challenger takes too long beside the champion; nothing if it does not.

    Parameters
    ----------
    spec : ModelSpec
        The gate's limit.
    champion_seconds, challenger_seconds : float
        What scoring the same rows took, with both models loaded.
    rows : int
        How many they were.
    """
    times = challenger_seconds / max(champion_seconds, 1e-9)
    if times <= spec.gate.max_slowdown or challenger_seconds <= _SLOW_SECONDS_A_ROW * rows:
        return []
    told = f"Scoring {rows:,} rows took the challenger {challenger_seconds:.2f} s, {times:.0f} times as long as"
    return [f"{told} the champion; {spec.gate.max_slowdown:g} times are allowed."]


def larger(spec: ModelSpec, champion_bytes: int, challenger_bytes: int) -> list[str]:
    """Return that a challenger's files are too large beside the champion's; nothing if they are not.

    Parameters
    ----------
    spec : ModelSpec
        The gate's limit.
    champion_bytes, challenger_bytes : int
        How large the files are.
    """
    times = challenger_bytes / max(champion_bytes, 1)
    if times <= spec.gate.max_growth or challenger_bytes <= _LARGE_BYTES:
        return []
    told = f"The challenger's files have {challenger_bytes / 1e6:,.0f} MB, {times:,.0f} times those of"
    return [f"{told} the champion; {spec.gate.max_growth:g} times are allowed."]


def _squared_distances(labels: Array, scores: Array) -> Array:
    return np.asarray(((np.eye(scores.shape[1])[labels.astype(np.int64)] - scores) ** 2).sum(axis=1) / 2)
