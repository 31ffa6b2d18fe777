"""The windows that were repaired, and their rows as they were repaired.

A repair is on record as an override of its window: how the rows were repaired, and the digest of the rows as they
arrived. Whoever reads the window reads its source and undoes the same faults on a copy, so that no process depends on
a file of another. Rows that were delivered anew have another digest, and are read as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airmedic_core.errors import RepairError
from airmedic_core.records.plain_json import Json
from airmedic_core.repair.applied import apply_steps, columns_of, step_from_json
from airmedic_core.repair.steps import Step, row_hashes

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import pandas as pd

    from airmedic_core.ledger import Ledger
    from airmedic_core.ledger.overrides import Override
    from airmedic_core.spec import ModelSpec
    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace


@dataclass(frozen=True)
class Repair:
    """Says how a window was repaired."""

    steps: tuple[Step, ...]
    arrived: str
    """Digest of the rows as they arrived."""
    value: Json
    """Says what is on record."""
    made_null: Mapping[str, float] = field(default_factory=dict)
    """Columns, and the share of their values that the repair made null."""


def repair_marks(ledger: Ledger, model: str) -> dict[str, Override]:
    """Return what is on record of a model's repaired windows, by the key of the window."""
    return {override.key: override for override in ledger.overrides(model, "repaired")}


def end_repair(ledger: Ledger, model: str, key: str, *, author: str) -> None:
    """End the repair of a window. Its rows as they arrived are kept out until they were looked at and found in order.

    What is on record of the window was found in the repaired rows. So the quarantine comes first: there is no moment
    at which rows that nobody has found in order may be used.

    Parameters
    ----------
    ledger : Ledger
        The records.
    model : str
        The model.
    key : str
        Key of the window.
    author : str
        Who ends it.

    Raises
    ------
    LedgerError
        If the window never was repaired.
    """
    mark = repair_marks(ledger, model).get(key)
    if mark is not None and all(held.key != key for held in ledger.overrides(model, "quarantine")):
        value = {"incident_id": mark.value["incident_id"]} if mark.value.get("incident_id") else {}
        ledger.set_override(
            model, "quarantine", key, value, author=author, reason="Its repair ended, and nobody has looked since."
        )
    ledger.revoke_override(model, "repaired", key, author=author)


def copies_of(home: Path, model: str) -> Path:
    """Return the folder of the copies of a model's repaired windows."""
    return home / "repaired" / model


def forget_copies(ledger: Ledger, home: Path, model: str, *, before: datetime, dry_run: bool = False) -> int:
    """Remove the copies of repairs that have ended, and of windows that start before a moment; return how many.

    No reader needs them: repaired windows are read from their source.

    Parameters
    ----------
    ledger : Ledger
        The records.
    home : Path
        Where local state is kept.
    model : str
        The model.
    before : datetime
        The moment.
    dry_run : bool
        Whether to count them only.
    """
    from airmedic_core.windows import Window

    in_force = {
        f"{key}__{str(mark.value['proposal'])[:12]}"
        for key, mark in repair_marks(ledger, model).items()
        if Window.from_key(key).start >= before
    }
    ended = [copy for copy in copies_of(home, model).glob("*.parquet") if copy.stem not in in_force]
    for copy in ended if not dry_run else ():
        copy.unlink(missing_ok=True)
    return len(ended)


def repair_on_record(ws: Workspace, window: Window) -> Repair | None:
    """Return how a window was repaired; None where it was not.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        Exactly the window.
    """
    mark = repair_marks(ws.ledger, ws.spec.name).get(window.key)
    if mark is None:
        return None
    steps = tuple(map(step_from_json, mark.value["steps"]))
    return Repair(steps, str(mark.value["arrived"]), mark.value, mark.value.get("made_null", {}))


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
    if rows_digest(ws.spec, frame, repair.steps) != repair.arrived:
        return None
    try:
        return apply_steps(frame, repair.steps)
    except RepairError:
        # A label that came late may tell rows apart that were the same.
        return None


def read_as_repaired(ws: Workspace, window: Window, *, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the rows of a window, as they were repaired if they were. Raises as ``read_window``.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The window.
    columns : sequence of str, optional
        Columns that are wanted; all of them where not given.
    """
    from airmedic_core.errors import MissingColumnError
    from airmedic_core.sources import read_window

    repaired = repaired_window(ws, window)
    if repaired is None:
        return read_window(ws.spec, window, columns=columns)
    if missing := [name for name in columns or () if name not in repaired]:
        raise MissingColumnError(f"The repaired rows of {window} have no column {missing[0]!r}.", "Look at the spec.")
    return repaired


def with_repaired(
    ws: Workspace, window: Window, frame: pd.DataFrame, *, fraction: float = 1.0
) -> tuple[pd.DataFrame, dict[Window, str]]:
    """Return the rows of a longer window with those of repaired windows in it as they were repaired.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The longer window.
    frame : pandas.DataFrame
        Its rows as they arrived, or a sample of them.
    fraction : float
        The share of the rows that a sample has: of repaired windows as large a share is taken.

    Returns
    -------
    tuple of pandas.DataFrame and dict of Window to str
        The rows, by time, and the windows whose rows have been delivered anew since, with the reason not to use them.
    """
    import numpy as np
    import pandas as pd

    from airmedic_core.reading.sample import in_sample
    from airmedic_core.windows import Window

    time, changed = ws.spec.data.time_column, {}
    for key in repair_marks(ws.ledger, ws.spec.name):
        span = Window.from_key(key)
        if span.end <= window.start or span.start >= window.end:
            continue
        repaired = repaired_window(ws, span)
        if repaired is None:
            changed[span] = "delivered anew since the repair"
            continue
        inside = (frame[time] >= span.start) & (frame[time] < span.end)
        wanted = repaired[(repaired[time] >= window.start) & (repaired[time] < window.end)]
        if fraction < 1.0:
            wanted = wanted[in_sample(np.arange(len(wanted)), fraction)]
        frame = pd.concat([frame[~inside], wanted], ignore_index=True).sort_values(time, kind="stable")
    return frame.reset_index(drop=True), changed


def rows_digest(spec: ModelSpec, frame: pd.DataFrame, steps: Sequence[Step]) -> str:
    """Return the digest of rows: of their values and the names of their columns, in whatever order the rows are.

    Labels come later than the rows. They are no other delivery, unless a step changes them.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        The rows as they arrived.
    steps : sequence of Step
        What is done to them.
    """
    import numpy as np

    late = {spec.target, spec.label_time_column} - {name for step in steps for name in columns_of(step)}
    frame = frame[[name for name in frame.columns if name not in late]]
    told = hashlib.sha256("\x1f".join(map(str, frame.columns)).encode())
    told.update(np.sort(row_hashes(frame)).tobytes())
    return told.hexdigest()
