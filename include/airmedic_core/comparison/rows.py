"""Turns rows into what checks compare with: labelled rows, samples, facts of each window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import LabelledRows, RowFacts
    from airmedic_core.profile import Profile, Reference
    from airmedic_core.scoring import ScoredBatch
    from airmedic_core.spec import ModelSpec
    from airmedic_core.windows import Window

_MOST_ROWS = 20_000
"""Rows of a sample that stands for a reference. It bounds the time of the checks that look at rows, whatever the size
of the reference."""
_MOST_WINDOWS = 60
"""Windows of a reference whose rows are looked at one window after the other: two months of days. It bounds the
time."""


def profile_of(
    spec: ModelSpec, reference: Reference, frame: pd.DataFrame, scored: ScoredBatch | None, window: Window
) -> Profile:
    """Profile rows at hand, with what the model said of them.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    reference : Reference
        Whose edges are used.
    frame : DataFrame
        The rows.
    scored : ScoredBatch or None
        What the model said of them; None where it said nothing.
    window : Window
        When they were.
    """
    from airmedic_core.metrics import row_losses, score_column
    from airmedic_core.profile import build_profile

    if scored is None:
        return build_profile(reference.edges, frame, window=window)
    column, losses = score_column(scored.scores), row_losses(spec.task, scored.labels, scored.scores)
    return build_profile(reference.edges, frame, score=column, label=scored.labels, loss=losses, window=window)


def labelled_rows(
    spec: ModelSpec, frame: pd.DataFrame, scored: ScoredBatch, among: NDArray[np.bool_] | None = None
) -> LabelledRows | None:
    """Return the rows whose label and score are known.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : DataFrame
        Rows, in the order of their times.
    scored : ScoredBatch
        What the model said of them.
    among : array of bool, optional
        Only these rows.
    """
    from airmedic_core.comparison import LabelledRows
    from airmedic_core.metrics import losses

    known = scored.known if among is None else scored.known & among
    if not known.any():
        return None
    labels, scores = scored.labels[known], scored.scores[known]
    rows = frame[known]
    return LabelledRows(rows, labels, scores, losses(spec.task, labels, scores), window_numbers(spec, rows))


def window_numbers(spec: ModelSpec, frame: pd.DataFrame) -> NDArray[np.intp]:
    """Return the window of each row, numbered from 0; rows are in the order of their times."""
    times = frame[spec.data.time_column]
    step = spec.window.step
    if not len(frame):
        return np.zeros(0, dtype=np.intp)
    last = times.iloc[-1].to_pydatetime(warn=False)
    boundary = step.floor(times.iloc[0].to_pydatetime(warn=False))
    starts = []
    while boundary <= last:
        starts.append(boundary)
        boundary = step.shift(boundary, 1)
    firsts = np.asarray(times.searchsorted(starts, side="left"))
    return np.searchsorted(firsts, np.arange(len(frame)), side="right") - 1


def sample(frame: pd.DataFrame, most: int = _MOST_ROWS) -> pd.DataFrame:
    """Return at most so many rows, evenly spread over time."""
    if len(frame) <= most:
        return frame
    return frame.iloc[np.linspace(0, len(frame) - 1, most).astype(int)]


def facts_by_window(spec: ModelSpec, frame: pd.DataFrame, reference: Reference) -> tuple[RowFacts, ...]:
    """Return the facts of the reference's newest windows, oldest first.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : DataFrame
        The reference's rows, in the order of their times.
    reference : Reference
        Says how they are split into windows.
    """
    from airmedic_core.comparison import row_facts

    times = frame[spec.data.time_column]
    columns = [*reference.edges.numeric, *reference.edges.categorical]
    facts = []
    for past in reference.windows[-_MOST_WINDOWS:]:
        first, last = (int(times.searchsorted(moment)) for moment in (past.window.start, past.window.end))
        if last > first:
            facts.append(row_facts(spec, frame.iloc[first:last], past.window, columns))
    return tuple(facts)
