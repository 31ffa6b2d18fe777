"""Makes rows that resemble moved inputs, and trains with them where that helps on real rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path
from airmedic_core.actions.request_labels import newest_batch
from airmedic_core.actions.retrain import Retrain, plan_training
from airmedic_core.errors import TrainingError
from airmedic_core.history import History, Outcome
from airmedic_core.numbers import measure_name
from airmedic_core.records import ActionResult, Diagnosis, GateResult, Incident, Json, Proposal
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.ledger import RecordedAction
    from airmedic_core.training.rows import TrainingRows
    from airmedic_core.workspace import Workspace

_TRAINING = Retrain()
"""The version that is trained passes the gate and is deployed like every training."""
_MOST_ROWS = 5_000
"""Rows that are made at the most."""
_SHARE = 4
"""One made row comes to at least so many real ones: what is made may not outvote what was seen."""
_FEWEST = 30
"""With fewer rows without labels, or fewer that could be labelled, nothing is gained that could be measured."""
_OF_OTHER_ROWS = frozenset({"lags", "group_means"})
"""Features of ``retrain.features`` that depend on other rows."""
_METHOD = "clone"
"""The champion's own pipeline is fitted again: functions and DAGs of a team's own choose their rows themselves."""


@final
class AcquireData(Action):
    """Makes rows that resemble moved inputs, and trains with them where that helps on real rows.

    For inputs that have moved to where few labelled rows are, while the relation still holds: labels of a relation that
    has changed would teach what is wrong, and are refused. Whether they help is compared inside the training rows: two
    fits, with made rows and without, on the older three quarters, measured on the newest quarter. The challenger learns
    from made rows only if these surely help there, and passes the gate as every other, on rows that nobody has looked
    at.
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
        from airmedic_core.acquired_rows import require_same_relation
        from airmedic_core.training.rows import training_rows

        cause = diagnosis.cause if diagnosis is not None else incident.cause
        require_same_relation(cause)
        if ws.spec.only_logged or ":" in ws.spec.retrain.using:
            raise TrainingError(
                f"{ws.spec.name!r} is trained by the team's own {ws.spec.retrain.using!r}.", "Retrain it instead."
            )
        _require_rows_alone(ws)
        params, _ = plan_training(ws, incident, cause, _METHOD)
        newest = newest_batch(ws, incident)
        params["moved"] = (newest.window if newest is not None else incident.window).key
        rows = training_rows(ws, _window(params), as_utc(params["as_of"]))
        moved = len(_moved(ws, params, rows))
        params |= {"count": min(moved, len(rows.train) // _SHARE, _MOST_ROWS), "seed": 0}
        return params, (
            f"A challenger with made rows if these surely help in {measure_name(ws.spec.metric)} on real training rows"
            " that were set aside; otherwise one without them. The gate compares it with the champion."
        )

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the rows, and what follows."""
        count, moved = proposal.params["count"], Window.from_key(proposal.params["moved"])
        return [
            f"Up to {count:,} rows are made on a copy. They resemble those of {moved}.",
            "Each is labelled by real rows near it, or by two teachers that agree; otherwise it is dropped.",
            "They are learned from only if they surely help on real training rows that are set aside for this.",
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
            f" and a challenger of {ws.spec.name} trained, with them if they help. The champion would go on serving."
        )

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Make the rows, compare on training rows whether they help, and train with them or without."""
        from airmedic_core.acquired_rows import ACQUIRED
        from airmedic_core.training.fit import train
        from airmedic_core.training.rows import training_rows

        params, number, started = proposal.params, ws.ledger.begin_training(proposal), perf_counter()
        window, as_of = _window(params), as_utc(params["as_of"])
        try:
            _require_rows_alone(ws)
            rows = training_rows(ws, window, as_of)
            moved = _moved(ws, params, rows)
            stored = _made(ws, proposal, rows, moved)
            compared = _compared(ws, params, rows, moved)
            helps = surely_better(compared)
            links = {"incident_id": proposal.incident_id, "proposal_hash": proposal.hash, "training_key": proposal.hash}
            # The run holds hash, counts and origins of what is learned from; rows never leave for MLflow.
            chosen = train(ws, window, as_of, {**params, **links, **({ACQUIRED: stored} if helps else {})})
        finally:
            # What has failed has cost as much.
            ws.ledger.end_training(number, seconds=perf_counter() - started)
        # The copy stays although nothing uses it: a process that hung, and wakes up now, would write it once more.
        version = chosen.version.version
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
        from airmedic_core.acquired_rows import ACQUIRED, stored_rows

        problems = _TRAINING.verify(ws, proposal, output)
        try:
            stored_rows(ws, output[ACQUIRED])
        except TrainingError as error:
            problems.append(str(error))
        return problems

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Remove the rows. Nothing in production changed."""
        from airmedic_core.acquired_rows import forget

        forget(ws, _name(proposal))
        return f"The made rows are removed. {_TRAINING.undo(ws, proposal, snapshot, now)}"

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Say why nothing came of it: where a deployment came of it, that is judged instead."""
        return _TRAINING.outcome(history, done)


def surely_better(compared: GateResult) -> bool:
    """Return whether rows are kept: the gate's rules pass the fit with them, and its whole interval is a gain.

    Parameters
    ----------
    compared : GateResult
        The fit with them, compared with the one without on real rows.

    Examples
    --------
    >>> surely_better(GateResult("passed", "mae", (), difference=0.02, low=0.004, high=0.04))
    True
    >>> surely_better(GateResult("passed", "mae", (), difference=0.02, low=-0.004, high=0.04))
    False
    """
    return compared.outcome == "passed" and compared.low is not None and compared.low > 0


def _require_rows_alone(ws: Workspace) -> None:
    """Refuse a model of which a row's features depend on other rows: made rows have no place among them."""
    from airmedic_core.training.features import reads_other_rows
    from airmedic_core.training.methods import cloned

    kinds = [kind for kind in ws.spec.retrain.features if kind in _OF_OTHER_ROWS]
    if kinds or reads_other_rows(cloned(ws, ws.registry.champion(ws.spec.name)).native):
        told = f"retrain.features names {', '.join(kinds)}" if kinds else "its pipeline has lags or means of groups"
        raise TrainingError(
            f"A row of {ws.spec.name!r} depends on the rows before it: {told}. Made rows would break these.",
            "Retrain it, or ask for labels of the rows that have moved.",
        )


def _moved(ws: Workspace, params: Json, rows: TrainingRows) -> pd.DataFrame:
    """Return the rows to resemble: of the window that moved, without those whose label is known.

    Rows with a label teach by themselves. None that lies in the withheld time may be resembled either: the gate judges
    on those of them that people label later.
    """
    import numpy as np

    from airmedic_core.asked_labels import with_all_answers
    from airmedic_core.sources import known_labels
    from airmedic_core.training.rows import usable_rows

    window, as_of = Window.from_key(params["moved"]), as_utc(params["as_of"])
    frame, _ = usable_rows(ws, window)
    frame, _ = with_all_answers(ws, window, frame, as_of)
    known = np.asarray(known_labels(ws.spec, frame, as_of), dtype=bool)
    known |= np.asarray(frame[ws.spec.data.time_column] < rows.holdout.end)
    unknown = frame[~known]
    if len(unknown) < _FEWEST:
        raise TrainingError(
            f"The labels of {len(frame) - len(unknown)} of {len(frame)} rows of {window} are known, or are of the time"
            " that is withheld for the gate: there is nothing to make.",
            "Retrain on them.",
        )
    # Whatever the source has in the column, nobody knew it at that moment.
    return unknown.drop(columns=[name for name in (ws.spec.target, ws.spec.label_time_column) if name in unknown])


def _made(ws: Workspace, proposal: Proposal, rows: TrainingRows, moved: pd.DataFrame) -> Json:
    """Make the rows and store them. Made twice, they are the same."""
    from airmedic_core.acquired_rows import acquire, store_rows

    params = proposal.params
    inputs = ws.registry.inputs(ws.registry.champion(ws.spec.name))
    made = acquire(ws.spec, inputs, rows.train, moved, count=params["count"], seed=params["seed"])
    if len(made.frame) < _FEWEST:
        raise TrainingError(f"{made.summary} These are too few.", "Ask for labels of the rows that have moved.")
    return store_rows(ws, made, _name(proposal))


def _compared(ws: Workspace, params: Json, rows: TrainingRows, moved: pd.DataFrame) -> GateResult:
    """Compare on the newest training rows whether made rows help: the gate's own rows stay untouched.

    They are made anew after the older training rows alone: a row whose label comes from one that is compared on would
    seem to help.
    """
    from airmedic_core.acquired_rows import acquire
    from airmedic_core.training.contest import Contest
    from airmedic_core.training.making import clone_of

    try:
        recipe = clone_of(ws, rows.train)
        contest = Contest.on(ws.spec, recipe, rows.train)
        count = min(params["count"], len(contest.earlier) // _SHARE)
        made = acquire(ws.spec, recipe.inputs, contest.earlier, moved, count=count, seed=params["seed"])
    except TrainingError as error:
        return GateResult("not_comparable", ws.spec.metric, (error.problem,))
    return contest.compared(replace(recipe, acquired=made.frame))[1]


def _told(ws: Workspace, stored: Json, compared: GateResult, *, helps: bool) -> str:
    rows = f"{stored['rows']:,} of {stored['made']:,} made rows could be labelled"
    if compared.difference is None or compared.low is None or compared.high is None:
        return f"{rows}. Whether they help cannot be measured: {' '.join(compared.reasons)}"
    gain = f"{compared.difference:+.4f} [{compared.low:+.4f}, {compared.high:+.4f}]"
    verb = "help" if helps else "do not surely help"
    return f"{rows}. They {verb} on {compared.rows:,} real rows: {measure_name(ws.spec.metric)} {gain}."


def _name(proposal: Proposal) -> str:
    from airmedic_core.acquired_rows import stored_name

    return stored_name(str(proposal.params["moved"]), proposal.hash)


def _window(params: Json) -> Window:
    return Window(as_utc(params["window_start"]), as_utc(params["window_end"]))
