"""Calibrates the champion anew: its probabilities, or the scale of its values, without fitting it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path
from airmedic_core.actions.retrain import Retrain, plan_training
from airmedic_core.errors import TrainingError
from airmedic_core.history import History, Outcome
from airmedic_core.narrowing import Field
from airmedic_core.numbers import percent
from airmedic_core.records import ActionResult, Diagnosis, Incident, Json, Proposal
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace

_TRAINING = Retrain()
"""A calibration is a training whose method is given: it chooses its rows, passes the gate and is deployed alike."""
_METHOD = "recalibrate"


@final
class Recalibrate(Action):
    """Calibrates the champion anew on recent labelled rows.

    For a class mix that moved, or probabilities that are off while the order of the rows still holds: the champion
    stays as it is, under a curve that is fitted on few rows. Production keeps serving it until the gate and a second
    approval say otherwise.
    """

    description = "Puts a new calibration on top of the champion, as a challenger."
    changes_production = False
    imperative = "Recalibrate"
    infinitive = "recalibrate"
    choice = "Recalibrate"
    path = Path.RETRAIN
    trains = True
    deadline_seconds = _TRAINING.deadline_seconds
    leads_to = _TRAINING.leads_to
    plans_anew = _TRAINING.plans_anew

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Choose the window, and the moment since when where something changed."""
        from airmedic_core.training.methods import can_recalibrate

        if ws.spec.only_logged or not can_recalibrate(ws):
            raise TrainingError(f"The model of {ws.spec.name!r} cannot be recalibrated.", "Retrain it instead.")
        cause = diagnosis.cause if diagnosis is not None else incident.cause
        params, expected = plan_training(ws, incident, cause, _METHOD)
        _check_newer_rows(ws, as_utc(params["window_end"]))
        return params, expected

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the rows, and what follows."""
        return _TRAINING.changes(proposal)

    def narrowing(self, proposal: Proposal) -> Sequence[Field]:
        """Let approvers shorten the window on either side, and make the gate stricter."""
        return _TRAINING.narrowing(proposal)

    def narrowed(self, ws: Workspace, proposal: Proposal, chosen: Json) -> tuple[Json, str]:
        """Check that the rows of the shorter window are enough."""
        return _TRAINING.narrowed(ws, proposal, chosen)

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that there is a champion to calibrate."""
        _TRAINING.precheck(ws, proposal)

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep which version was the challenger before."""
        return _TRAINING.snapshot(ws, proposal)

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would be calibrated on what."""
        start, end = str(params["window_start"])[:10], str(params["window_end"])[:10]
        return (
            f"The champion of {ws.spec.name} would be calibrated anew on the labelled rows from {start} to {end}, the "
            f"newest {percent(ws.spec.retrain.holdout_fraction)} withheld for the gate. The champion would go on "
            "serving as it is."
        )

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Calibrate, and register the challenger."""
        return _TRAINING.apply(ws, proposal, now)

    def has_more(self, ws: Workspace, proposal: Proposal, done: ActionResult) -> bool:
        """Allow a full training where the gate refused the calibration, as it is proposed."""
        return _TRAINING.has_more(ws, proposal, done)

    def again(self, ws: Workspace, proposal: Proposal, done: ActionResult, now: datetime) -> ActionResult:
        """Train in full."""
        return _TRAINING.again(ws, proposal, done, now)

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Check that the version loads."""
        return _TRAINING.verify(ws, proposal, output)

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Nothing in production changed."""
        return _TRAINING.undo(ws, proposal, snapshot, now)

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Say why nothing came of it: where a deployment came of it, that is judged instead."""
        return _TRAINING.outcome(history, done)


def _check_newer_rows(ws: Workspace, end: datetime) -> None:
    """Check that there can be enough rows that the champion was not fitted on; their labels are counted later."""
    from airmedic_core.sources import count_rows
    from airmedic_core.training.fit import trained_window

    seen = trained_window(ws.registry.champion(ws.spec.name))
    if seen is None:
        return
    rows = count_rows(ws.spec, Window(seen.end, end)) if seen.end < end else 0
    needed = ws.spec.retrain.min_rows // 2
    if rows * (1.0 - ws.spec.retrain.holdout_fraction) < needed:
        raise TrainingError(
            f"{rows:,} rows are newer than those that the champion of {ws.spec.name!r} was fitted on; {needed:,} are "
            "needed beside the withheld ones.",
            "Wait for more rows, or retrain it.",
        )
