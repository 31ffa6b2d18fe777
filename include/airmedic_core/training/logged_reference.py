"""The reference of a model that is in no registry: it is made of the predictions that were logged."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.errors import TrainingError
from airmedic_core.profile import Reference, build_reference
from airmedic_core.records import Promotion
from airmedic_core.registry import UNNAMED
from airmedic_core.scoring import logged_scores
from airmedic_core.training.rows import settled_labels, usable_rows
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def logged_reference(ws: Workspace, window: Window, as_of: datetime) -> tuple[Reference, dict[str, int], str]:
    """Return the reference of logged predictions, how many rows were left out for what, and the version that served.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The span of the reference.
    as_of : datetime
        Labels that became known later are left out.

    Raises
    ------
    TrainingError
        If the usable rows are too few.
    SourceError
        If the rows cannot be read, or lack a column that the spec names.
    """
    spec = ws.spec
    frame, left_out = usable_rows(ws, window)
    if len(frame) < spec.window.min_rows:
        raise TrainingError(
            f"{window} has only {len(frame)} usable rows of {spec.window.min_rows}.", "Take a longer time."
        )
    scored = logged_scores(spec, frame)
    labels = np.where(settled_labels(spec, frame, as_of), scored.labels, np.nan)
    every_row = np.ones(len(frame), dtype=bool)
    reference = build_reference(spec, frame, scores=scored.scores, labels=labels, holdout_mask=every_row)
    newest = logged_scores(spec, frame.tail(spec.window.min_rows)).version
    return reference, left_out, newest or scored.version or UNNAMED


def adopt_logged(ws: Workspace, window: Window, as_of: datetime, *, by: str, now: datetime) -> Promotion:
    """Make the reference of a model that is in no registry, and put on record which version serves.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The span of the reference.
    as_of : datetime
        Labels that became known later do not exist yet.
    by : str
        Who adopts it.
    now : datetime
        The moment.
    """
    name = ws.spec.name
    champion = ws.registry.by_alias(name, "champion")
    if champion is None or not ws.registry.reference_place(champion):
        reference, _, version = logged_reference(ws, window, as_of)
        champion = champion or ws.registry.version(name, version)
        ws.registry.save_reference(champion, reference)
    if not ws.ledger.promotions(name):
        # What follows is put on record by the time of its rows.
        ws.ledger.record_promotion(Promotion(name, None, champion.version, "adopt", min(now, window.end), by))
    return ws.ledger.promotions(name)[-1]
