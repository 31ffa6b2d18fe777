"""Asks a version that is tried beside the champion about a window's rows. Whatever it does, the champion answers."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import ModelError
from airmedic_core.scoring.scored_batch import ScoredBatch
from airmedic_core.scoring.version import score

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.traffic import Traffic
    from airmedic_core.workspace import Workspace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tried:
    """The answers of a version that is tried."""

    scored: ScoredBatch
    """Of the rows that it was asked about."""
    rows: NDArray[np.bool_]
    """Which of the window's rows these are."""
    answers: bool
    """Says whether its answers count. Otherwise they are kept beside those of the champion."""


def tried_beside(ws: Workspace, champion: str, frame: pd.DataFrame) -> Tried | None:
    """Return what the version says that is tried beside the champion; nothing where none is, or where it cannot answer.

    Parameters
    ----------
    ws : Workspace
        The model.
    champion : str
        The version that serves. A trial that began beside another one is over.
    frame : pandas.DataFrame
        The window's rows.
    """
    try:
        trial = ws.registry.trial(ws.spec.name)
        if trial is None or trial.champion != champion or trial.kind == "standby":
            return None
        rows = _asked(ws, trial, frame)
        scored = _said(ws, trial, frame[rows]) if rows.any() else None
    except Exception as error:  # noqa: BLE001  whatever it does, the champion answers
        # The watch of the deployment finds the same, and takes it back.
        _log.warning("The version that is tried cannot answer, so the champion answers all rows. %s", error)
        return None
    return None if scored is None else Tried(scored, rows, answers=trial.kind == "split")


def _said(ws: Workspace, trial: Traffic, frame: pd.DataFrame) -> ScoredBatch:
    scored = score(ws, ws.registry.version(ws.spec.name, trial.version), frame)
    if not np.isfinite(scored.scores).all():
        raise ModelError(f"Version {trial.version} predicts values that are not finite.", "")
    return scored


def _asked(ws: Workspace, trial: Traffic, frame: pd.DataFrame) -> NDArray[np.bool_]:
    if trial.kind == "mirror":
        return np.ones(len(frame), dtype=np.bool_)
    column = ws.spec.entity_column
    if column not in frame.columns:
        raise ModelError(f"The rows have no column {column!r}, by which they are split.", "")
    return trial.answers(frame[column])
