"""Scores a window and writes what was said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from airmedic_core.scoring.scored_batch import ScoredBatch
from airmedic_core.scoring.version import score

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace


def score_window(ws: Workspace, window: Window, out: Path | str) -> ScoredBatch:
    """Score a window with the champion and write predictions with the version that made them.

    One that was repaired is scored as it was repaired.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows to score.
    out : Path or str
        A parquet file, or a folder in which it is named by model and window; local or a URL. A local file appears when
        it is complete. It holds the rows with ``prediction``, ``score`` (or one per class) and ``model_version``.
    """
    from airmedic_core.repair import read_as_repaired

    version = ws.registry.champion(ws.spec.name)
    frame = read_as_repaired(ws, window)
    scored = score(ws, version, frame)
    result = with_predictions(frame, scored)
    place = str(out)
    if not place.endswith(".parquet"):
        place = f"{place.rstrip('/')}/{ws.spec.name}__{window.key}.parquet"
    if "://" in place:
        result.to_parquet(place, index=False)
        return scored
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    result.to_parquet(unfinished, index=False)
    unfinished.replace(path)
    return scored


def with_predictions(frame: pd.DataFrame, scored: ScoredBatch) -> pd.DataFrame:
    """Return rows with ``prediction``, ``score`` (or one per class) and ``model_version``.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows that were scored.
    scored : ScoredBatch
        What was said of them.
    """
    result = frame.assign(prediction=scored.predicted, model_version=scored.version)
    if scored.scores.ndim == 1:
        result["score"] = scored.scores
    else:
        for position, name in enumerate(scored.classes):
            result[f"score_{name}"] = scored.scores[:, position]
    return result
