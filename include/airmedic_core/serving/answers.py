"""Says what rows are answered, and by which version."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import AirmedicError, ModelError
from airmedic_core.scoring import ScoredBatch, score
from airmedic_core.serving.following import Active
from airmedic_core.serving.rows import rows_of

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Json
    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answered:
    """Rows with their answers, as they are returned and as they are logged."""

    answers: list[Json]
    """One for each row, in order: ``prediction``, ``score`` or ``scores``, ``version``."""
    rows: pd.DataFrame
    """The rows with the columns that the spec names under ``prediction``."""
    given: pd.DataFrame
    """The rows alone."""


def answer(ws: Workspace, active: Active, given: Sequence[Json]) -> Answered:
    """Answer rows.

    Parameters
    ----------
    ws : Workspace
        The model.
    active : Active
        The versions that answer.
    given : sequence of dict
        The rows. One without a time happened now.

    Raises
    ------
    RowsError
        If a row holds what cannot be answered.
    MissingColumnError
        If the rows lack a column that the champion takes.
    ModelError
        If the champion does not predict, or predicts what is no number.
    """
    import pandas as pd

    started = perf_counter()
    frame = rows_of(ws, active, given)
    trial, tried = active.trial, active.tried
    asked = np.zeros(len(frame), dtype=bool)
    if trial is not None and tried is not None and trial.kind == "split" and ws.spec.entity_column in frame.columns:
        asked = trial.answers(frame[ws.spec.entity_column])
    parts: list[tuple[ScoredBatch, pd.DataFrame]] = []
    if tried is not None and asked.any():
        scored = _tried(ws, tried, frame[asked])
        if scored is None:
            asked[:] = False
        else:
            parts.append((scored, frame[asked]))
    if not asked.all():
        scored = score(ws, active.champion, frame[~asked])
        if not np.isfinite(scored.scores).all():
            raise ModelError(f"Version {scored.version} predicts what is no number.", "Compare the rows with its data.")
        parts.append((scored, frame[~asked]))
    latency_ms = (perf_counter() - started) * 1000
    answers: dict[int, Json] = {}
    for scored, rows in parts:
        answers |= dict(zip(rows.index, _told(scored), strict=True))
    logged = pd.concat([_logged(ws, scored, rows, latency_ms) for scored, rows in parts]).sort_index()
    return Answered([answers[at] for at in range(len(frame))], logged, frame)


def scored_along(ws: Workspace, version: ModelVersion, frame: pd.DataFrame) -> pd.DataFrame | None:
    """Return rows as they are logged, with what a version says that answers none of them; nothing where it fails.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : ModelVersion
        The version that scores along.
    frame : pandas.DataFrame
        The rows.
    """
    started = perf_counter()
    scored = _tried(ws, version, frame)
    return None if scored is None else _logged(ws, scored, frame, (perf_counter() - started) * 1000)


def _tried(ws: Workspace, version: ModelVersion, frame: pd.DataFrame) -> ScoredBatch | None:
    """Return what a version says that is tried; nothing where it fails, so that the champion answers."""
    try:
        scored = score(ws, version, frame)
    except AirmedicError as error:
        _log.warning("Version %s is tried and does not answer: %s", version.version, error)
        return None
    return scored if np.isfinite(scored.scores).all() else None


def _told(scored: ScoredBatch) -> list[Json]:
    names = [str(name) for name in scored.classes]
    told: list[Json] = []
    for predicted, value in zip(scored.predicted.tolist(), scored.scores.tolist(), strict=True):
        scores: Json = {"score": value} if scored.scores.ndim == 1 else {"scores": dict(zip(names, value, strict=True))}
        told.append({"prediction": predicted, **scores, "version": scored.version})
    return told


def _logged(ws: Workspace, scored: ScoredBatch, frame: pd.DataFrame, latency_ms: float) -> pd.DataFrame:
    """Return rows with what was said of them, in the columns that the spec names, or usual ones."""
    named = ws.spec.prediction
    columns: dict[str, Any] = {
        named.label or "prediction": scored.predicted,
        named.version or "model_version": scored.version,
        named.latency_ms or "latency_ms": latency_ms,
    }
    score_name = named.score or "score"
    if scored.scores.ndim == 1:
        columns[score_name] = scored.scores
    else:
        columns |= {f"{score_name}_{name}": scored.scores[:, at] for at, name in enumerate(scored.classes)}
    return frame.assign(**columns)
