"""Looks at past windows in order, as monitoring would have: what a new model's history is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from airmedic_core.errors import MissingBatchError
from airmedic_core.monitor.batches import assess, check_batch, resolve_batch
from airmedic_core.records import Assessment, Batch
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class Replayed(NamedTuple):
    """Says what came of one past window; no batch and no assessment where it holds no rows."""

    window: Window
    batch: Batch | None
    assessment: Assessment | None


def replay(ws: Workspace, span: Window) -> Iterator[Replayed]:
    """Look at each whole window of a span, the oldest first, with the labels that were known at its end.

    What is found is recorded as that of a monitoring run, so that later windows are compared with it. No incident is
    opened: what was wrong then is over, or will be seen in the next window. A window without rows is passed over.

    Parameters
    ----------
    ws : Workspace
        The model.
    span : Window
        From when to when.

    Raises
    ------
    SourceError
        If rows are there and cannot be read. A retry does not help.
    NoChampionError
        If no version serves: adopt one first.
    """
    from airmedic_core.checks import GROUPS

    for window in ws.spec.window.step.split(span):
        try:
            batch = resolve_batch(ws, window=window, moment=window.end)
            for group in GROUPS:
                check_batch(ws, batch, group)
        except MissingBatchError:
            yield Replayed(window, None, None)
            continue
        yield Replayed(window, batch, assess(ws, batch))
