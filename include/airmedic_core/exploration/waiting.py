"""Says how long moved inputs are only watched, while trials leave open what the move costs.

A window that waits is not asked about. Its trial says so in its details, and the windows after it count how many of
them there were.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airmedic_core.assess.signs import WAITS, WHOLE
from airmedic_core.records import Batch, Cause, Finding, Json, Role, Verdict
from airmedic_core.training.learned_rows import LEARNS_FROM

if TYPE_CHECKING:
    from airmedic_core.training.trial import Trial
    from airmedic_core.workspace import Workspace

_PATIENCE = 3
"""Windows of one move that are only watched, because trials leave open what they cost. What so many windows do not show
is little, and people are asked what is normal from then on."""
_ENOUGH = 5
"""Times the gate's ``min_rows``, the labelled rows since inputs moved from which on a training is tried that no loss
calls for. Of fewer, the part that is compared on shows none but enormous gains, and each look makes the next one
stricter."""

LOOKS = "looks"
"""Key in the details of a trial: how many trainings had been compared with its champion by then, its own among them."""


def may_wait(ws: Workspace, batch: Batch) -> bool:
    """Return whether a window of moved inputs may be only watched, where its trial leaves open what the move costs.

    It may not once three windows of the move were, or once the move was called harmless: people were asked then. A
    move ends with a healthy window, another champion or a renewed reference.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The window.
    """
    champion = ws.registry.champion(ws.spec.name)
    known = ws.registry.reference(champion).window
    before = ws.ledger.batches(batch.model, before=batch.window.start)
    trials = ws.ledger.findings_of([seen.batch.id for seen in before], "trial") if before else {}
    waited = 0
    for seen in before:
        if seen.assessment is None:
            continue
        of_another = seen.model_version not in {None, champion.version}
        if of_another or seen.assessment.outcome == "healthy" or (known and seen.batch.window.end <= known.end):
            break
        if waits(trials[seen.batch.id]):
            waited += 1
        elif seen.assessment.outcome == "incident" and seen.assessment.cause is Cause.HARMLESS_COVARIATE_SHIFT:
            return False
    return waited < _PATIENCE


def waits(trials: Iterable[Finding]) -> bool:
    """Return whether the trial of a window leaves open what its move costs, so that the window is only watched."""
    return any(trial.details.get(WAITS) for trial in trials)


def may_help(ws: Workspace, trial: Trial) -> bool:
    """Return whether a training may still help that the gate has refused: the interval of its gain leaves room for it.

    That spares people the question about a training. It is too little to call a move harmless.
    """
    return trial.gate.high is None or trial.gate.high >= abs(ws.spec.gate.margin)


def too_early(ws: Workspace, batch: Batch, plan: Json, looks: int) -> Finding | None:
    """Return that it is too early to try, where the rows since a move are too few to learn from and to compare on.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The window.
    plan : dict
        Parameters of a training, with its counts of rows.
    looks : int
        How many trainings were compared with the champion so far.
    """
    from airmedic_core.training.trial import CHECK

    counts = plan.get(LEARNS_FROM) or {}
    rows, needed = counts.get("since_change", 0) + counts.get("withheld", 0), _ENOUGH * ws.spec.gate.min_rows
    if rows >= needed:
        return None
    text = (
        f"Whether retraining would help is not tried before {needed:,} labelled rows have moved inputs: {rows:,} have."
    )
    champion = ws.registry.champion(ws.spec.name).version
    details: Json = {"as_of": batch.as_of.isoformat(), "champion": champion, WAITS: True, LOOKS: looks}
    return Finding(
        CHECK, WHOLE, ws.spec.metric, Verdict.UNKNOWN, message=text, role=Role.TRIAL, details=details
    )  # fmt: skip
