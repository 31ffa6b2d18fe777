"""The windows that were repaired, and their rows as they were repaired.

A repair is on record as an override of its window: how the rows were repaired, and the digest of the rows as they
arrived. Whoever reads the window reads its source and undoes the same faults on a copy, so that no process depends on
a file of another. Rows that were delivered anew have another digest, and are read as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.records.plain_json import Json
from airmedic_core.repair.steps import Step, apply_steps, row_hashes, step_from_json

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace


@dataclass(frozen=True)
class Repair:
    """How a window was repaired."""

    steps: tuple[Step, ...]
    arrived: str
    """Digest of the rows as they arrived."""
    value: Json
    """What is on record."""


def repair_on_record(ws: Workspace, window: Window) -> Repair | None:
    """Return how a window was repaired; None where it was not.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        Exactly the window.
    """
    for override in ws.ledger.overrides(ws.spec.name, "repaired"):
        if override.key == window.key:
            steps = tuple(step_from_json(plain) for plain in override.value["steps"])
            return Repair(steps, str(override.value["arrived"]), override.value)
    return None


def repaired_window(ws: Workspace, window: Window) -> pd.DataFrame | None:
    """Return the rows of a window as they were repaired; None where they were not, or have been delivered anew since.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        Exactly the window.

    Raises
    ------
    SourceError
        As :func:`airmedic_core.sources.read_window`.
    """
    from airmedic_core.sources import read_window

    repair = repair_on_record(ws, window)
    if repair is None:
        return None
    frame = read_window(ws.spec, window)
    return apply_steps(frame, repair.steps) if rows_digest(frame) == repair.arrived else None


def read_as_repaired(ws: Workspace, window: Window) -> pd.DataFrame:
    """Return the rows of a window, as they were repaired if they were. Raises as ``read_window``.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The window.
    """
    from airmedic_core.sources import read_window

    repaired = repaired_window(ws, window)
    return read_window(ws.spec, window) if repaired is None else repaired


def with_repaired(ws: Workspace, window: Window, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[Window, str]]:
    """Return the rows of a longer window with those of repaired windows in it as they were repaired.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The longer window.
    frame : pandas.DataFrame
        Its rows as they arrived.

    Returns
    -------
    tuple of pandas.DataFrame and dict of Window to str
        The rows, by time, and the windows whose rows have been delivered anew since, with the reason not to use them.
    """
    import pandas as pd

    from airmedic_core.windows import Window

    time, changed = ws.spec.data.time_column, {}
    for override in ws.ledger.overrides(ws.spec.name, "repaired"):
        span = Window.from_key(override.key)
        if span.end <= window.start or span.start >= window.end:
            continue
        repaired = repaired_window(ws, span)
        if repaired is None:
            changed[span] = "delivered anew since the repair"
            continue
        inside = (frame[time] >= span.start) & (frame[time] < span.end)
        wanted = repaired[(repaired[time] >= window.start) & (repaired[time] < window.end)]
        frame = pd.concat([frame[~inside], wanted], ignore_index=True).sort_values(time, kind="stable")
    return frame.reset_index(drop=True), changed


def rows_digest(frame: pd.DataFrame) -> str:
    """Return the digest of rows: of their values and the names of their columns, in whatever order the rows are."""
    import numpy as np

    told = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    told.update(np.sort(row_hashes(frame)).tobytes())
    return told.hexdigest()
