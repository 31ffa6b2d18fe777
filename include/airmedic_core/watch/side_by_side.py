"""Two versions on the same new rows: what the tried one loses less, block by block, and what may be said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import AirmedicError
from airmedic_core.metrics.row_loss import losses
from airmedic_core.verdicts.confidence_sequence import Interval, interval_of, judge
from airmedic_core.watch.in_service import NEARLY_ALL

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.metrics import Array
    from airmedic_core.records import Batch
    from airmedic_core.registry import ModelVersion
    from airmedic_core.workspace import Workspace

_PAGE = 200
"""Windows that are read from the ledger at a time. A trial looks at all since it began, however many these are."""
Picked = Callable[["pd.DataFrame", "Batch"], NDArray[np.bool_]]
"""Says which rows of a batch are compared."""


@dataclass(frozen=True)
class SideBySide:
    """Says how two versions do on the rows that came since one of them is tried."""

    outcome: Literal["successful", "failed", "inconclusive"]
    interval: Interval
    """Of what the tried version loses less, in a row."""
    rows: int
    ends: tuple[datetime, ...]
    """Ends of the windows that count, oldest first."""

    def __str__(self) -> str:
        if not self.ends:
            return "No new window with enough labels has come yet."
        told = f"{self.rows:,} rows of {len(self.ends)} new windows, in {self.interval.blocks} blocks:"
        if not np.isfinite(self.interval.low):
            return f"{told} too few to say which of the two versions loses less."
        gain = f"{self.interval.mean:+.4g} [{self.interval.low:+.4g}, {self.interval.high:+.4g}]"
        return f"{told} the tried version loses {gain} less in a row than the one that serves."


def compare_in_service(
    ws: Workspace,
    serving: ModelVersion,
    tried: ModelVersion,
    *,
    since: datetime,
    proposal_hash: str,
    picked: Picked,
    blocks_per_window: int,
    min_block_rows: int,
    tolerance_fraction: float,
) -> SideBySide:
    """Compare two versions on sound new windows of which nearly all labels are known. Ask as often as you like.

    What a window has shown is recorded when it is first looked at, and stays: labels that come later move no block.
    The blocks follow each other as they were first seen.

    Parameters
    ----------
    ws : Workspace
        The model.
    serving, tried : ModelVersion
        The two versions.
    since : datetime
        The end of the last window that was known when the trial began.
    proposal_hash : str
        The deployment, under which the blocks are recorded.
    picked : callable
        Says which rows of a batch are compared.
    blocks_per_window : int
        Blocks of time, of as many rows each, that a window is cut into.
    min_block_rows : int
        With fewer rows, a window has fewer blocks, or none.
    tolerance_fraction : float
        How much more the tried version may lose, as a share of what the one that serves loses.

    Raises
    ------
    SourceUnavailableError
        If the rows cannot be reached. A retry helps.
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    sound = {batch.window.key: batch for batch in _sound(ws, since)}
    shown = {window["window"]: window for window in ws.ledger.compared(proposal_hash)}
    for key, batch in sound.items():
        if key in shown:
            continue
        before, after = _losses(ws, (serving, tried), batch, picked)
        if count := min(blocks_per_window, len(before) // min_block_rows):
            gains = [float(block.mean()) for block in np.array_split(before - after, count)]
            shown[key] = {"window": key, "gains": gains, "lost": float(before.sum()), "rows": len(before)}
            ws.ledger.record_compared(proposal_hash, shown[key])
    # A window whose rows have turned out to be broken since says nothing any more.
    counted = [window for key, window in shown.items() if key in sound]
    rows = sum(window["rows"] for window in counted)
    interval = interval_of(np.array([gain for window in counted for gain in window["gains"]]))
    tolerated = tolerance_fraction * sum(window["lost"] for window in counted) / rows if rows else 0.0
    ends = sorted(sound[window["window"]].window.end for window in counted)
    return SideBySide(judge(interval, tolerated), interval, rows, tuple(ends))


def _sound(ws: Workspace, since: datetime) -> Iterator[Batch]:
    """Yield the new batches whose rows say something about models, oldest first, with the labels known by now."""
    from airmedic_core.training.rows import unusable_windows

    seen = page = ws.ledger.batches(ws.spec.name, limit=_PAGE)
    while len(page) == _PAGE and page[-1].batch.window.start > since:
        page = ws.ledger.batches(ws.spec.name, limit=_PAGE, before=page[-1].batch.window.start)
        seen = seen + page
    if not seen:
        return
    # The clock of monitoring, which in a simulation is not that of the wall.
    reached = max(window.batch.as_of for window in seen)
    unusable = unusable_windows(ws)
    for window in sorted(seen, key=lambda observed: observed.batch.window.start):
        batch = window.batch
        if batch.window.start >= since and window.assessment is not None and batch.window not in unusable:
            yield replace(batch, as_of=reached)


def _losses(
    ws: Workspace, versions: tuple[ModelVersion, ModelVersion], batch: Batch, picked: Picked
) -> tuple[Array, Array]:
    """Return the loss of each compared row with either version, by time; nothing while its labels are too few."""
    from airmedic_core.repair import read_as_repaired
    from airmedic_core.scoring import score
    from airmedic_core.training.same_rows import side_by_side

    nothing = np.array([]), np.array([])
    try:
        frame = read_as_repaired(ws, batch.window)
        frame = frame[picked(frame, batch)].reset_index(drop=True)
        if frame.empty:
            return nothing
        first, second = side_by_side(ws.spec, *(score(ws, version, frame, batch) for version in versions))
    except AirmedicError as error:
        if error.transient:
            raise
        # What cannot be scored is for the probe to tell.
        return nothing
    known = first.known & second.known
    if known.mean() < NEARLY_ALL:
        return nothing
    order = np.argsort(frame[ws.spec.data.time_column].to_numpy()[known], kind="stable")
    before, after = (losses(ws.spec.task, scored.labels[known], scored.scores[known]) for scored in (first, second))
    return before[order], after[order]
