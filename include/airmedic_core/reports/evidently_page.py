"""The Evidently report of a batch, on a bounded sample of the modelled columns.

Evidently takes seconds to import and minutes on millions of rows, so it is drawn off the hot path, on a sample, and
only as a picture: no verdict of Airmedic rests on it.
"""

from __future__ import annotations

import logging
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import AirmedicError, SourceError
from airmedic_core.extras import missing_extra
from airmedic_core.records import Batch
from airmedic_core.windows import Window

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.workspace import Workspace

MOST_ROWS = 5_000
"""Rows of each side."""

_MOST_COLUMNS = 60
_MARKUP = str.maketrans({"<": "‹", ">": "›", "&": "＆"})
_log = logging.getLogger(__name__)


def write_evidently_page(ws: Workspace, batch: Batch, path: Path) -> None:
    """Write Evidently's data-drift report of a batch against the champion's reference as one HTML file.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    batch : Batch
        The batch.
    path : Path
        The HTML file to write. It holds aggregates, never rows, and no private column.

    Raises
    ------
    AirmedicError
        If the rows cannot be read, there is no champion, or Evidently fails.
    """
    version = ws.registry.champion(ws.spec.name)
    inputs = ws.registry.inputs(version)
    columns = [name for name in inputs.columns if name not in ws.spec.private][:_MOST_COLUMNS]
    window = _reference_window(ws, version)
    reference = sample_rows(ws, window, columns, seed=f"{ws.spec.name} {window.key}")
    current = sample_rows(ws, batch.window, columns, seed=batch.id)
    declared = {*inputs.numeric, *inputs.categorical}
    # Models that were registered elsewhere do not say what their columns are; their values do.
    numbers = [name for name in columns if name not in declared and _holds_numbers(reference, name)]
    write_comparison(reference, current, numeric=[*inputs.numeric, *numbers], path=path)


def write_comparison(reference: pd.DataFrame, current: pd.DataFrame, *, numeric: list[str], path: Path) -> None:
    """Write Evidently's data-drift report of two frames.

    Parameters
    ----------
    reference, current : pandas.DataFrame
        Rows with the same columns.
    numeric : list of str
        Which columns are numbers; the others are read as categories.
    path : Path
        The HTML file to write.

    Raises
    ------
    AirmedicError
        If no column holds values on both sides, or Evidently fails.
    """
    shared = [name for name in reference.columns if name in current.columns and _has_values(reference, current, name)]
    if not shared:
        raise AirmedicError("No column holds values on both sides.", "There is nothing for Evidently to draw.")
    kept = {name: _plain(name) for name in shared}
    numbers = [kept[name] for name in shared if name in numeric]
    categories = [kept[name] for name in shared if name not in numeric]
    frames = [_prepared(frame[shared].rename(columns=kept), numbers, categories) for frame in (current, reference)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from evidently import DataDefinition, Dataset, Report
            from evidently.presets import DataDriftPreset

            definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
            datasets = [Dataset.from_pandas(frame, data_definition=definition) for frame in frames]
            Report([DataDriftPreset()]).run(*datasets).save_html(str(path))
    except Exception as error:
        path.unlink(missing_ok=True)
        if missing := missing_extra(error):
            raise missing from error
        _log.warning("Evidently could not draw its report", exc_info=True)
        raise AirmedicError(f"Evidently failed: {type(error).__name__}: {str(error)[:200]}.") from error


def sample_rows(ws: Workspace, window: Window, columns: list[str], *, seed: str, most: int = MOST_ROWS) -> pd.DataFrame:
    """Return a uniform sample of a window's rows, read as a stream so that memory does not grow with the window.

    Parameters
    ----------
    ws : Workspace
        The model's workspace.
    window : Window
        Which rows.
    columns : list of str
        Which columns.
    seed : str
        The same seed gives the same rows.
    most : int
        Rows at the most.
    """
    import pandas as pd

    from airmedic_core.sources import iter_window

    random = np.random.default_rng(zlib.crc32(seed.encode()))
    keys = np.empty(0)
    kept: pd.DataFrame | None = None
    for piece in iter_window(ws.spec, window, columns=columns):
        # Each row draws a key; the rows with the smallest keys so far are a uniform sample so far.
        keys = np.concatenate([keys, random.random(piece.num_rows)])
        rows = piece.select([name for name in columns if name in piece.schema.names]).to_pandas()
        kept = rows if kept is None else pd.concat([kept, rows], ignore_index=True)
        if len(keys) > most:
            order = np.sort(np.argpartition(keys, most)[:most])
            keys, kept = keys[order], kept.iloc[order]
    if kept is None or not len(keys):
        raise SourceError(f"The window {window} holds no rows.", "There is nothing to draw.")
    return kept.reset_index(drop=True)


def _reference_window(ws: Workspace, version: Any) -> Window:
    windows = [part.window for part in ws.registry.reference(version).windows]
    if windows:
        return Window(min(window.start for window in windows), max(window.end for window in windows))
    if ws.spec.reference is not None:
        return ws.spec.reference.window
    raise SourceError("The champion's reference has no window.", "Give 'reference' in the model spec.")


def _holds_numbers(frame: pd.DataFrame, name: str) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return name in frame and is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name])


def _has_values(reference: pd.DataFrame, current: pd.DataFrame, name: str) -> bool:
    return bool(reference[name].notna().any() and current[name].notna().any())


def _prepared(frame: pd.DataFrame, numbers: list[str], categories: list[str]) -> pd.DataFrame:
    import pandas as pd

    prepared = frame.copy()
    for name in numbers:
        prepared[name] = pd.to_numeric(prepared[name], errors="coerce").astype(float).replace([np.inf, -np.inf], np.nan)
    for name in categories:
        prepared[name] = prepared[name].map(lambda value: _plain(str(value)), na_action="ignore").astype(object)
    return prepared


def _plain(text: str) -> str:
    # Evidently writes names into its page as they are: markup in them would run in the reader's browser.
    return text.translate(_MARKUP)[:80]
