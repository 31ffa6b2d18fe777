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
    for override in ws.ledger.overrides(ws.spec.name, "repair"):
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


def rows_digest(frame: pd.DataFrame) -> str:
    """Return the digest of rows: of their values and the names of their columns, in whatever order the rows are."""
    import numpy as np

    told = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    told.update(np.sort(row_hashes(frame)).tobytes())
    return told.hexdigest()
