"""Says how two versions do on the newest rows whose labels are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.errors import AirmedicError
from airmedic_core.numbers import measure_name
from airmedic_core.records import GateResult
from airmedic_core.training.gate import evaluate_gate
from airmedic_core.training.rows import usable_rows
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace

_NEWEST_WINDOWS = 10
"""Monitored windows whose rows are compared: a gate needs several blocks of time, and older rows say less of today."""


def compare_on_newest_rows(
    ws: Workspace, serving: ModelVersion, target: ModelVersion, *, as_of: datetime
) -> GateResult:
    """Compare a version with the one that serves, on sound rows that neither was trained on.

    Parameters
    ----------
    ws : Workspace
        The model.
    serving, target : ModelVersion
        The champion, and the version that may serve in its place.
    as_of : datetime
        Labels that became known later do not exist yet.

    Returns
    -------
    GateResult
        ``not_comparable`` or ``inconclusive`` where the rows do not allow an answer.

    Raises
    ------
    SourceUnavailableError
        If the rows cannot be reached. A retry helps.
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    return compare_all_on_newest_rows(ws, serving, [target], as_of=as_of)[0]


def compare_all_on_newest_rows(
    ws: Workspace, serving: ModelVersion, targets: Sequence[ModelVersion], *, as_of: datetime
) -> list[GateResult]:
    """Compare several versions with the one that serves. The rows, which take the most time, are read once.

    Parameters
    ----------
    ws : Workspace
        The model.
    serving : ModelVersion
        The champion.
    targets : sequence of ModelVersion
        Versions that may serve in its place.
    as_of : datetime
        Labels that became known later do not exist yet.

    Returns
    -------
    list of GateResult
        One for each target, as :func:`compare_on_newest_rows` returns it.
    """
    empty = [
        GateResult("not_comparable", ws.spec.metric, (), serving.version, target.version, margin=ws.spec.gate.margin)
        for target in targets
    ]
    try:
        frame = _newest_rows(ws, as_of)
    except AirmedicError as error:
        if error.transient:
            raise
        return [replace(result, reasons=(str(error),)) for result in empty]
    if frame is None:
        return [replace(result, reasons=("No window was monitored yet.",)) for result in empty]
    return [_compared(ws, serving, target, frame, result) for target, result in zip(targets, empty, strict=True)]


def _newest_rows(ws: Workspace, as_of: datetime) -> pd.DataFrame | None:
    from airmedic_core.asked_labels import with_all_answers
    from airmedic_core.sources import known_labels

    seen = ws.ledger.batches(ws.spec.name, limit=_NEWEST_WINDOWS)
    if not seen:
        return None
    window = Window(min(batch.batch.window.start for batch in seen), max(batch.batch.window.end for batch in seen))
    frame, _ = usable_rows(ws, window)
    frame, _ = with_all_answers(ws, window, frame, as_of)
    labelled = np.asarray(known_labels(ws.spec, frame, as_of), dtype=bool)
    return frame[labelled].reset_index(drop=True)


def _compared(
    ws: Workspace, serving: ModelVersion, target: ModelVersion, frame: pd.DataFrame, empty: GateResult
) -> GateResult:
    try:
        return evaluate_gate(ws, target, serving, frame)
    except AirmedicError as error:
        if error.transient:
            raise
        return replace(empty, reasons=(str(error),))


def clearly_worse(result: GateResult) -> bool:
    """Return whether the target of a comparison is worse beyond its margin, and over the whole interval."""
    if result.difference is None or result.high is None or result.margin is None:
        return False
    return result.difference < result.margin and result.high < 0


def told(result: GateResult) -> str:
    """Return a comparison in one sentence."""
    if result.champion_value is None or result.challenger_value is None or result.difference is None:
        return f"They cannot be compared on the newest rows: {' '.join(result.reasons)}"
    measure = measure_name(result.metric)
    return (
        f"On {result.rows:,} of the newest labelled rows, {measure} is {result.challenger_value:.4g} with version"
        f" {result.challenger} and {result.champion_value:.4g} with version {result.champion}, which serves:"
        f" {result.difference:+.4f} [{result.low:+.4f}, {result.high:+.4f}]."
    )
