"""The gate: whether a challenger may replace the champion.

Both score the same recent, real, labelled rows that neither was trained on. The difference of the deciding metric,
signed so that positive is better, gets an interval from a paired bootstrap over time blocks: rows of one day fail
together, and resampling them one by one would promise more certainty than there is (Künsch 1989).

======================  ==========================================================================================
``passed``              the lower bound is not below the margin, and no segment is clearly worse. However wide the
                        interval is upwards, a challenger that is surely not worse passes
``refused``             the difference itself is below the margin, or the whole interval is below zero, or a segment
                        is clearly worse, or its probabilities are clearly further off, or an input gives it the answer,
                        or it does not predict, or far too slowly, or is far too large
``inconclusive``        too few rows or blocks, or a difference that is acceptable with a lower bound that is not
``not_comparable``      no champion, no labels, one class only, rows or positive classes that differ, or an error
======================  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.errors import AirmedicError, ModelError
from airmedic_core.numbers import percent
from airmedic_core.records import GateResult
from airmedic_core.scoring import ScoredBatch
from airmedic_core.training.by_window import scored
from airmedic_core.training.fit import Challenger, trained_window
from airmedic_core.training.guards import larger, leaks, slower
from airmedic_core.training.paired import compare, time_blocks

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.registry import ModelVersion
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

__all__ = ["compare", "evaluate_gate", "time_blocks"]

_MOST_UNKNOWN = 0.05
"""Share of the labels that may be of classes that neither version knows. They are left out of the comparison."""


def evaluate_gate(
    ws: Workspace, challenger: Challenger | ModelVersion, champion: ModelVersion | None, frame: pd.DataFrame
) -> GateResult:
    """Judge a challenger on rows.

    Parameters
    ----------
    ws : Workspace
        The model.
    challenger : Challenger or ModelVersion
        The candidate.
    champion : ModelVersion or None
        What serves.
    frame : pandas.DataFrame
        Real rows whose labels are known. Those that either was trained on are left out.

    Returns
    -------
    GateResult
        An error of a model or of the rows is a result, never an exception, and never ``passed``.
    """
    spec = ws.spec
    version = challenger.version if isinstance(challenger, Challenger) else challenger
    empty = GateResult("not_comparable", spec.metric, (), challenger=version.version, margin=spec.gate.margin)
    if champion is None:
        return replace(empty, reasons=("There is no champion to compare with.",))
    empty = replace(empty, champion=champion.version)
    if champion.version == version.version:
        return replace(empty, reasons=("The challenger is the champion.",))
    try:
        frame, unknown = _rows_of_neither(spec, (champion, version), frame)
    except AirmedicError as error:
        return replace(empty, reasons=(str(error),))
    try:
        old, old_seconds = _timed(ws, champion, frame)
    except AirmedicError as error:
        return replace(empty, reasons=(f"The champion cannot be measured: {error}",))
    try:
        new, new_seconds = _timed(ws, version, frame)
    except AirmedicError as error:
        return replace(empty, outcome="refused", reasons=(f"The challenger does not predict: {error}",))
    result = compare(spec, old, new, frame)
    problems = leaks(spec, ws.registry.inputs(champion), ws.registry.inputs(version), frame)
    problems += slower(spec, old_seconds, new_seconds, len(frame))
    problems += larger(spec, ws.registry.model(champion).size_bytes, ws.registry.model(version).size_bytes)
    nameless = _of_unknown_classes(spec, old, new, frame)
    if problems:
        result = replace(result, outcome="refused", reasons=(*result.reasons, *problems))
    elif result.outcome == "passed" and nameless > _MOST_UNKNOWN:
        told = f"{percent(nameless)} of the labels are of classes that neither version knows, and count for nothing."
        result = replace(result, outcome="inconclusive", reasons=(*result.reasons, told))
    elif result.outcome == "passed" and unknown:
        told = f"Nobody recorded which rows version {' and '.join(unknown)} was trained on; these may be among them."
        result = replace(result, reasons=(*result.reasons, told))
    return replace(result, champion=champion.version, challenger=version.version)


def _of_unknown_classes(spec: ModelSpec, old: ScoredBatch, new: ScoredBatch, frame: pd.DataFrame) -> float:
    """Return the share of the labels that are of no class of either version."""
    if spec.task == "regression" or spec.target not in frame.columns or not len(frame):
        return 0.0
    labelled = frame[spec.target].notna().to_numpy()
    return float((labelled & np.isnan(old.labels) & np.isnan(new.labels)).sum() / max(int(labelled.sum()), 1))


def _rows_of_neither(
    spec: ModelSpec, versions: Sequence[ModelVersion], frame: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows that no version was trained on, and the versions of which nobody recorded their training."""
    unknown = []
    for version in versions:
        try:
            seen = trained_window(version)
        except AirmedicError as error:
            told = f"What version {version.version} was trained on cannot be read: {error.problem}"
            raise ModelError(told, error.hint) from error
        if seen is not None:
            frame = frame[np.asarray(frame[spec.data.time_column] >= seen.end)]
        else:
            unknown.append(version.version)
    return frame, unknown


def _timed(ws: Workspace, version: ModelVersion, frame: pd.DataFrame) -> tuple[ScoredBatch, float]:
    """Return what a version says of rows, and the seconds that this took once it was loaded."""
    ws.registry.model(version)
    started = perf_counter()
    answered = scored(ws, version, frame)
    return answered, perf_counter() - started
