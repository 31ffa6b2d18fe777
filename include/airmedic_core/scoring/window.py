"""Scores a window and writes what was said of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.scoring.scored_batch import ScoredBatch
from airmedic_core.scoring.tried import Tried, tried_beside
from airmedic_core.scoring.version import score

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace


def score_window(ws: Workspace, window: Window, out: Path | str) -> ScoredBatch:
    """Score a window with the champion and write predictions with the version that made them.

    One that was repaired is scored as it was repaired. Where a version is tried on a share of the entities, it answers
    the rows of that share, and the champion all others. Where one is tried without answering, what it says is written
    to ``…__tried.parquet`` beside. One that cannot answer answers nothing.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows to score.
    out : Path or str
        A parquet file, or a folder in which it is named by model and window; local or a URL. A local file appears when
        it is complete. It holds the rows with ``prediction``, ``score`` (or one per class) and ``model_version``.

    Returns
    -------
    ScoredBatch
        What the champion says of all rows.
    """
    from airmedic_core.repair import read_as_repaired

    version = ws.registry.champion(ws.spec.name)
    frame = read_as_repaired(ws, window).reset_index(drop=True)
    scored = score(ws, version, frame)
    result = with_predictions(frame, scored)
    tried = tried_beside(ws, version.version, frame)
    place = _place(out, ws.spec.name, window)
    if tried is not None and not tried.answers:
        beside = with_predictions(frame[tried.rows], tried.scored)
        _write(beside, f"{place.removesuffix('.parquet')}__tried.parquet")
    elif tried is not None:
        result = _answered_by_both(frame, scored, tried)
    _write(result, place)
    return scored


def _answered_by_both(frame: pd.DataFrame, scored: ScoredBatch, tried: Tried) -> pd.DataFrame:
    """Return the rows with the answers of the version that is tried in place of the champion's, where it was asked."""
    result = with_predictions(frame, scored)
    champions, others = _columns(scored), _columns(tried.scored)
    for name in dict.fromkeys([*champions, *others]):
        # A class that one of the two versions does not know has the probability 0 with it.
        if name not in champions:
            result[name] = 0.0
        result[name] = result[name].astype(object)
        result.loc[tried.rows, name] = np.asarray(others.get(name, 0.0), dtype=object)
        result[name] = result[name].infer_objects()
    return result


def _place(out: Path | str, model: str, window: Window) -> str:
    place = str(out)
    return place if place.endswith(".parquet") else f"{place.rstrip('/')}/{model}__{window.key}.parquet"


def _write(result: pd.DataFrame, place: str) -> None:
    if "://" in place:
        result.to_parquet(place, index=False)
        return
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    result.to_parquet(unfinished, index=False)
    unfinished.replace(path)


def with_predictions(frame: pd.DataFrame, scored: ScoredBatch) -> pd.DataFrame:
    """Return rows with ``prediction``, ``score`` (or one per class) and ``model_version``.

    Parameters
    ----------
    frame : pandas.DataFrame
        The rows that were scored.
    scored : ScoredBatch
        What was said of them.
    """
    return frame.assign(**_columns(scored))


def _columns(scored: ScoredBatch) -> dict[str, Any]:
    """Return what is written of each row beside the columns of its source; a column of the same name gives way."""
    columns: dict[str, Any] = {"prediction": scored.predicted, "model_version": scored.version}
    if scored.scores.ndim == 1:
        return columns | {"score": scored.scores}
    return columns | {f"score_{name}": scored.scores[:, position] for position, name in enumerate(scored.classes)}
