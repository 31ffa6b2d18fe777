"""Says what a team's own training DAG is told (``retrain: dag:<dag_id>``)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.records import Json
from airmedic_core.training.methods import DELIVERED_TAG
from airmedic_core.training.rows import training_rows, unusable_windows
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def training_order(ws: Workspace, proposal_hash: str, *, now: datetime) -> Json:
    """Return the conf of the training DAG's run.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        An approved proposal to retrain.
    now : datetime
        The moment.

    Returns
    -------
    dict
        ``model``; ``window_start``, and ``train_until``, from which on rows are withheld for the gate and must not be
        trained on; ``leave_out``, pairs of start and end between which rows are broken or quarantined; ``as_of``, after
        which no label is known; ``proposal_hash``, and ``tag``: the tag of the registered version that takes the hash
        as its value.

    Raises
    ------
    ApprovalError
        If the proposal is not approved.
    TrainingError
        If the rows are too few.
    """
    ws.ledger.require_approval(proposal_hash, now=now)
    params = ws.ledger.proposal(proposal_hash).params
    window, as_of = Window(as_utc(params["window_start"]), as_utc(params["window_end"])), as_utc(params["as_of"])
    since = as_utc(params["since"]) if params.get("since") else None
    rows = training_rows(ws, window, as_of, since=since)
    return {
        "model": ws.spec.name,
        "window_start": rows.window.start.isoformat(),
        "train_until": rows.holdout.start.isoformat(),
        "leave_out": [
            [bad.start.isoformat(), bad.end.isoformat()]
            for bad in sorted(unusable_windows(ws), key=lambda bad: bad.start)
            if bad.end > rows.window.start and bad.start < rows.holdout.start
        ],
        "as_of": as_of.isoformat(),
        "proposal_hash": proposal_hash,
        "tag": DELIVERED_TAG,
    }
