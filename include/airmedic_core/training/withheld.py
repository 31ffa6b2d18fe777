"""The rows that a challenger is judged on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.asked_labels import with_all_answers
from airmedic_core.sources import known_labels
from airmedic_core.training.rows import usable_rows

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.training.fit import Challenger
    from airmedic_core.workspace import Workspace


def withheld_rows(ws: Workspace, challenger: Challenger, as_of: datetime) -> pd.DataFrame:
    """Return the usable rows that were withheld from a training, with the labels that are known at a moment.

    The labels that people have returned are among them.

    Parameters
    ----------
    ws : Workspace
        The model.
    challenger : Challenger
        What was trained.
    as_of : datetime
        Labels that became known later do not exist yet.

    Raises
    ------
    SourceError
        If the rows cannot be read.
    """
    frame, _ = usable_rows(ws, challenger.holdout_window)
    frame, _ = with_all_answers(ws, challenger.holdout_window, frame, as_of)
    return frame[np.asarray(known_labels(ws.spec, frame, as_of), dtype=bool)].reset_index(drop=True)
