"""Makes rows that resemble moved inputs, and trains with them where that helps on real rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, final

from airmedic_core.acquired_rows import (
    ACQUIRED,
    acquire,
    forget,
    require_same_relation,
    store_rows,
    stored_name,
    stored_rows,
)
from airmedic_core.actions.contract import Action, Path
from airmedic_core.actions.retrain import Retrain, plan_training
from airmedic_core.errors import TrainingError
from airmedic_core.history import History, Outcome
from airmedic_core.numbers import measure_name
from airmedic_core.records import ActionResult, Diagnosis, GateResult, Incident, Json, Proposal
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import RecordedAction
    from airmedic_core.training.fit import Challenger
    from airmedic_core.workspace import Workspace

_TRAINING = Retrain()
"""What is trained passes the gate and is deployed like every training."""
_MOST_ROWS = 5_000
"""Rows that are made at the most."""
_SHARE = 4
"""One made row comes to at least so many real ones: what is made may not outvote what was seen."""
_FEWEST = 30
"""With fewer rows without labels, or fewer that could be labelled, nothing is gained that could be measured."""
_METHOD = "clone"
"""The champion's own pipeline is fitted again: functions and DAGs of a team's own choose their rows themselves."""


@final
class AcquireData(Action):
    """Makes rows that resemble moved inputs, and trains with them where that helps on real rows.

    For inputs that have moved to where few labelled rows are, while the relation still holds: labels of a relation that
    has changed would teach what is wrong, and are refused. Two versions are trained, with the made rows and without.
    The rows are kept only if the version with them is surely better on real rows that neither has seen; the better
    version is the challenger, which passes the gate as every other.
    """

    description = "Makes rows like those that moved, and trains a challenger with them if that helps on real rows."
    changes_production = False
    imperative = "Make rows and retrain"
    infinitive = "make rows like those that moved, and retrain"
    choice = "Make rows like those that moved, and retrain"
    path = Path.RETRAIN
    trains = True
    deadline_seconds = _TRAINING.deadline_seconds
    leads_to = _TRAINING.leads_to
    undone = "The made rows are removed. What serves now goes on serving."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Choose the rows to resemble: those of the incident's newest batch whose labels nobody knows yet."""
        from airmedic_core.training.rows import training_rows

        cause = diagnosis.cause if diagnosis is not None else incident.cause
        require_same_relation(cause)
        if ws.spec.only_logged or ":" in ws.spec.retrain.using:
            raise TrainingError(
                f"{ws.spec.name!r} is trained by the team's own {ws.spec.retrain.using!r}.", "Retrain it instead."
            )
        params, _ = plan_training(ws, incident, cause, _METHOD)
        params["moved"] = incident.window.key
        real = len(training_rows(ws, _window(params), as_utc(params["as_of"])).train)
        moved = len(_moved(ws, params))
        params |= {"count": min(moved, real // _SHARE, _MOST_ROWS), "seed": 0}
        return params, (
            f"A challenger that is surely better in {measure_name(ws.spec.metric)} on real rows with the made ones than"
            " without; otherwise one without them. The gate compares it with the champion."
        )

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the rows, and what follows."""
        count, moved = proposal.params["count"], Window.from_key(proposal.params["moved"])
        return [
            f"Up to {count:,} rows are made on a copy. They resemble those of {moved}.",
            "Each is labelled by real rows near it, or by two teachers that agree; otherwise it is dropped.",
            "Two versions are trained, with them and without. The rows stay only if they surely help on real rows.",
            *_TRAINING.changes(proposal)[1:],
        ]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that there is a champion to learn from."""
        _TRAINING.precheck(ws, proposal)

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep which version was the challenger before."""
        return _TRAINING.snapshot(ws, proposal)

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would be made, and trained."""
        return (
            f"Up to {params['count']:,} rows would be made that resemble those of {Window.from_key(params['moved'])},"
            f" and two challengers of {ws.spec.name} trained, with them and without. The champion would go on serving."
        )

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Make the rows, train with them and without, and keep what is better on real rows."""
        number, started = ws.ledger.begin_training(proposal), perf_counter()
        try:
            stored = _made(ws, proposal)
            without = _trained(ws, proposal, "real", {})
            together = _trained(ws, proposal, "acquired", {ACQUIRED: stored})
            compared = _compared(ws, without, together, as_utc(proposal.params["as_of"]))
        finally:
            # What has failed has cost as much.
            ws.ledger.end_training(number, seconds=perf_counter() - started)
        helps = surely_better(compared)
        chosen = together if helps else without
        # The copy stays although nothing uses it: a process that hung, and wakes up now, would write it once more.
        version = _taken_up(ws, proposal, chosen)
        told = "with" if helps else "without"
        return {
            "summary": f"{_told(ws, stored, compared, helps=helps)} Version {version} is trained {told} them.",
            "version": version,
            "run_id": chosen.run_id,
            "trained_window": chosen.train_window.key,
            "withheld_window": chosen.holdout_window.key,
            "metrics": {name: value for name, value in chosen.metrics.items() if value == value},  # noqa: PLR0124  NaN
            "kept": helps,
            ACQUIRED: stored,
            "gain": {"difference": compared.difference, "low": compared.low, "high": compared.high},
        }

    def has_more(self, ws: Workspace, proposal: Proposal, done: ActionResult) -> bool:
        """Allow a full training where the gate refused the challenger."""
        return _TRAINING.has_more(ws, proposal, done)

    def again(self, ws: Workspace, proposal: Proposal, done: ActionResult, now: datetime) -> ActionResult:
        """Train in full, on real rows."""
        return _TRAINING.again(ws, proposal, done, now)

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Check that the version loads, and that the rows are as they were stored."""
        problems = _TRAINING.verify(ws, proposal, output)
        try:
            stored_rows(ws, output[ACQUIRED])
        except TrainingError as error:
            problems.append(str(error))
        return problems

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Remove the rows. Nothing in production changed."""
        forget(ws, _name(proposal))
        return f"The made rows are removed. {_TRAINING.undo(ws, proposal, snapshot, now)}"

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Say why nothing came of it: where a deployment came of it, that is judged instead."""
        return _TRAINING.outcome(history, done)


def surely_better(compared: GateResult) -> bool:
    """Return whether rows are kept: the gate passes the version with them, and its whole interval is a gain.

    Parameters
    ----------
    compared : GateResult
        The version with them, compared with the one without on real rows.

    Examples
    --------
    >>> surely_better(GateResult("passed", "mae", (), difference=0.02, low=0.004, high=0.04))
    True
    >>> surely_better(GateResult("passed", "mae", (), difference=0.02, low=-0.004, high=0.04))
    False
    """
    return compared.outcome == "passed" and compared.low is not None and compared.low > 0


def _moved(ws: Workspace, params: Json) -> pd.DataFrame:
    """Return the rows to resemble: of the window that moved, without those whose label is known.

    Rows with a label teach by themselves, and some of them are withheld for the gate: none of these may be resembled.
    """
    import numpy as np

    from airmedic_core.sources import known_labels
    from airmedic_core.training.rows import usable_rows

    frame, _ = usable_rows(ws, Window.from_key(params["moved"]))
    unknown = frame[~np.asarray(known_labels(ws.spec, frame, as_utc(params["as_of"])), dtype=bool)]
    if len(unknown) < _FEWEST:
        raise TrainingError(
            f"The labels of {len(frame) - len(unknown)} of {len(frame)} rows of {Window.from_key(params['moved'])} are"
            " known: there is nothing to make.",
            "Retrain on them.",
        )
    # Whatever the source has in the column, nobody knew it at that moment.
    return unknown.drop(columns=[name for name in (ws.spec.target, ws.spec.label_time_column) if name in unknown])


def _made(ws: Workspace, proposal: Proposal) -> Json:
    """Make the rows and store them. Made twice, they are the same."""
    from airmedic_core.training.rows import training_rows

    params = proposal.params
    rows = training_rows(ws, _window(params), as_utc(params["as_of"]))
    inputs = ws.registry.inputs(ws.registry.champion(ws.spec.name))
    made = acquire(ws.spec, inputs, rows.train, _moved(ws, params), count=params["count"], seed=params["seed"])
    if len(made.frame) < _FEWEST:
        raise TrainingError(f"{made.summary} These are too few.", "Ask for labels of the rows that have moved.")
    return store_rows(ws, made, _name(proposal))


def _trained(ws: Workspace, proposal: Proposal, kind: str, changed: Json) -> Challenger:
    """Train in the shadow: which of two versions is the challenger is known only when both are there."""
    from airmedic_core.training.fit import train

    params = proposal.params
    more = {"incident_id": proposal.incident_id, "training_key": f"{proposal.hash}:{kind}", "only_tried": True}
    # The run holds hash, counts and origins of what the version has learned from; rows never leave for MLflow.
    return train(ws, _window(params), as_utc(params["as_of"]), {**params, **more, **changed})


def _compared(ws: Workspace, without: Challenger, together: Challenger, as_of: datetime) -> GateResult:
    from airmedic_core.scoring import score
    from airmedic_core.training.gate import compare
    from airmedic_core.training.withheld import withheld_rows

    rows = withheld_rows(ws, without, as_of)
    before, after = score(ws, without.version, rows), score(ws, together.version, rows)
    return compare(ws.spec, before, after, rows)


def _taken_up(ws: Workspace, proposal: Proposal, chosen: Challenger) -> str:
    from airmedic_core.training.fit import TRIED

    links: dict[str, Any] = {"airmedic.proposal_hash": proposal.hash, "airmedic.incident_id": proposal.incident_id}
    return ws.registry.take_up(chosen.version, links, no_longer=TRIED).version


def _told(ws: Workspace, stored: Json, compared: GateResult, *, helps: bool) -> str:
    rows = f"{stored['rows']:,} of {stored['made']:,} made rows could be labelled"
    if compared.difference is None or compared.low is None or compared.high is None:
        return f"{rows}. Whether they help cannot be measured: {' '.join(compared.reasons)}"
    gain = f"{compared.difference:+.4f} [{compared.low:+.4f}, {compared.high:+.4f}]"
    verb = "help" if helps else "do not surely help"
    return f"{rows}. They {verb} on {compared.rows:,} real rows: {measure_name(ws.spec.metric)} {gain}."


def _name(proposal: Proposal) -> str:
    return stored_name(str(proposal.params["moved"]), proposal.hash)


def _window(params: Json) -> Window:
    return Window(as_utc(params["window_start"]), as_utc(params["window_end"]))
