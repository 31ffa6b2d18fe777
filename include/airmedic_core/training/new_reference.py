"""The reference of a version that is registered already, on the usable rows of a window."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.errors import TrainingError
from airmedic_core.profile import Reference
from airmedic_core.registry import ModelVersion
from airmedic_core.training.fit import reference_of, trained_window
from airmedic_core.training.logged_reference import logged_reference
from airmedic_core.training.rows import settled_labels, usable_rows
from airmedic_core.training.understood import check_signature, understood
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def reference_on(
    ws: Workspace, version: ModelVersion, window: Window, as_of: datetime
) -> tuple[Reference, dict[str, int]]:
    """Return the reference of a registered version on the usable rows of a window, and how many were left out for what.

    Its performance is that on rows since the version's training, where it is known when that was and there are any.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : ModelVersion
        The version.
    window : Window
        The span of the reference.
    as_of : datetime
        Labels that became known later are left out.

    Raises
    ------
    TrainingError
        If the usable rows are too few.
    SourceError
        If the rows cannot be read.
    ModelError
        If the version does not load.
    """
    if ws.spec.only_logged:
        reference, left_out, _ = logged_reference(ws, window, as_of)
        return reference, left_out
    frame, left_out = usable_rows(ws, window)
    least = ws.spec.window.min_rows
    if len(frame) < least:
        raise TrainingError(f"{window} has only {len(frame)} usable rows of {least}.", "Take a longer time.")
    trained = trained_window(version)
    held_out = np.ones(len(frame), dtype=bool)
    if trained is not None:
        held_out = np.asarray(frame[ws.spec.data.time_column] >= trained.end)
    inputs = ws.registry.inputs(version)
    check_signature(f"Version {version.version} of {version.name!r}", inputs, frame)
    model, meaning = understood(ws.spec, ws.registry.model(version), inputs, frame)
    if meaning is not None and not ws.registry.model(version).meaning:
        ws.registry.keep_meaning(version, meaning)
    reference = reference_of(
        ws.spec,
        model,
        inputs,
        frame,
        known=settled_labels(ws.spec, frame, as_of),
        held_out=held_out if held_out.any() else ~held_out,
    )
    return reference, left_out
