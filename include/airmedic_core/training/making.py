"""Makes the model of a challenger from its training rows: by its method, and as withheld rows among them say."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.acquired_rows import ACQUIRED, stored_rows
from airmedic_core.errors import TrainingError
from airmedic_core.flavours import FittedModel, as_fitted, flavour_of
from airmedic_core.inputs import Inputs
from airmedic_core.metrics import metric, metrics_for
from airmedic_core.records import Json
from airmedic_core.scoring import encode_labels
from airmedic_core.spec import TuneSection
from airmedic_core.training.by_window import predicted
from airmedic_core.training.contest import Contest, Recipe
from airmedic_core.training.families import CHAMPION, best_family, families_of
from airmedic_core.training.methods import delivered, fit, own_function, recalibrated, unfitted
from airmedic_core.training.rows import TrainingRows, check_enough
from airmedic_core.training.splits import splits_in_time
from airmedic_core.training.trial_runs import TrialRuns
from airmedic_core.training.tune import tuned
from airmedic_core.training.weights import CHOSEN, half_life_of, takes_weights
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

FROM = "from"
"""Key of the notes: the first moment of the rows that were learned from, where these are not all."""
CHANGED_AT = "changed_at"
"""Parameter of a training that may leave out the rows before this moment, where that clearly gains."""
_VALIDATION_FRACTION = 0.25
_IMPROVE_SECONDS = 120
"""Time for all that is tried where the spec sets none."""
_HALVES = (2, 4, 8)
"""Half-lives that are tried, as parts of the time that is trained on."""


def made(
    ws: Workspace,
    method: str,
    rows: TrainingRows,
    *,
    since: datetime | None,
    seen: Window | None,
    params: Mapping[str, Any],
    run_id: str,
) -> tuple[FittedModel, Inputs, Json]:
    """Return a fitted model, its inputs, and notes of how it was made.

    Parameters
    ----------
    ws : Workspace
        The model.
    method : str
        ``clone``, ``default``, ``recalibrate``, a function or a DAG.
    rows : TrainingRows
        The rows.
    since : datetime or None
        When the relation changed.
    seen : Window or None
        What the champion was trained on.
    params : mapping
        As :func:`~airmedic_core.training.fit.train` takes them.
    run_id : str
        The run of the training, below which it is kept what was tried.

    Raises
    ------
    TrainingError
        If it cannot be made. A retry does not help.
    """
    train_rows = rows.train
    if method == "recalibrate":
        recent = _recent(ws.spec, train_rows, since, seen)
        estimator, inputs = recalibrated(ws, recent)
        return as_fitted(estimator), inputs, {FROM: recent[ws.spec.data.time_column].iloc[0].to_pydatetime()}
    if method.startswith("dag:"):
        version = delivered(ws, str(params.get("proposal_hash", "")))
        return ws.registry.model(version), ws.registry.inputs(version), {}
    if ":" in method:
        estimator, inputs = own_function(ws.spec, method, train_rows)
        return as_fitted(estimator), inputs, {}
    model, inputs = unfitted(ws, method, train_rows)
    half_life = _half_life(ws.spec, train_rows)
    recipe, notes = Recipe(model.native, inputs, half_life=half_life), {}
    if since is not None:
        notes = _after_the_change(ws.spec, recipe, train_rows, since)
        recipe = replace(recipe, since=notes.get(FROM))
    recipe, chosen, flavour = _chosen(ws, recipe, train_rows, params, TrialRuns(ws, run_id), model.flavour)
    notes |= chosen
    if half_life is not None:
        notes["half_life"] = ws.spec.retrain.half_life
    learned = recipe.rows_of(ws.spec, train_rows)
    # Only what is finally fitted learns from made rows: all that was measured before was measured on real ones.
    made_rows = None
    if acquired := params.get(ACQUIRED):
        made_rows, notes[ACQUIRED] = stored_rows(ws, acquired), acquired
    fitted = fit(recipe.estimator, recipe.inputs, ws.spec, learned, half_life=recipe.half_life, acquired=made_rows)
    return FittedModel(flavour, fitted), recipe.inputs, notes


def clone_of(ws: Workspace, rows: pd.DataFrame) -> Recipe:
    """Return the champion's own way of making a model, before anything is chosen.

    Parameters
    ----------
    ws : Workspace
        The model.
    rows : pandas.DataFrame
        Training rows by time.

    Raises
    ------
    TrainingError
        If the champion cannot be fitted again.
    """
    model, inputs = unfitted(ws, "clone", rows)
    return Recipe(model.native, inputs, half_life=_half_life(ws.spec, rows))


def _chosen(
    ws: Workspace, recipe: Recipe, rows: pd.DataFrame, params: Mapping[str, Any], runs: TrialRuns, flavour: str
) -> tuple[Recipe, Json, str]:
    """Return the way of making the model that was chosen by what withheld rows say, with notes, and its flavour."""
    spec, notes = ws.spec, {}
    trials = int(params.get("trials") or 0)
    search = spec.retrain.tune or (TuneSection(trials=trials, timeout_seconds=_IMPROVE_SECONDS) if trials else None)
    seconds = search.timeout_seconds if search is not None else _IMPROVE_SECONDS
    # Half of the time is the search's, which has the most to try.
    deadline = monotonic() + seconds / 2
    if search is not None and search.families:
        learned = recipe.rows_of(spec, rows)
        candidates = {CHAMPION: recipe.estimator, **families_of(spec, search.families, recipe.inputs)}
        splits = splits_in_time(learned[spec.data.time_column])
        estimator, family, measured = best_family(
            spec, candidates, recipe.inputs, learned, splits,
            half_life=recipe.half_life, runs=runs, deadline=deadline,
        )  # fmt: skip
        recipe, notes = replace(recipe, estimator=estimator), {"family": family, "families": measured}
        if family != CHAMPION:
            flavour = flavour_of(estimator)
    recipe, compared = _by_contest(spec, recipe, rows, params, runs, deadline)
    notes |= compared
    if notes.get("features"):
        # A step in front of it makes a pipeline of any estimator.
        flavour = flavour_of(recipe.estimator)
    if search is not None:
        # The spec names parameters of one kind of pipeline; where another one is better, it has its usual ones.
        known = recipe.estimator.get_params()
        inside = {name: name if name in known else f"model__{name}" for name in search.space}
        space = {
            inside[name]: bounds
            for name, bounds in search.space.items()
            if inside[name] in known or not search.families
        }
        search = search.model_copy(update={"space": space})
        learned = recipe.rows_of(spec, rows)
        estimator, notes["tuned"] = tuned(
            spec, search, recipe.estimator, recipe.inputs, learned, runs, half_life=recipe.half_life
        )
        recipe = replace(recipe, estimator=estimator)
    return recipe, notes, flavour


def _by_contest(
    spec: ModelSpec,
    recipe: Recipe,
    rows: pd.DataFrame,
    params: Mapping[str, Any],
    runs: TrialRuns,
    deadline: float,
) -> tuple[Recipe, Json]:
    """Return what clearly gains of a shorter window and of weights, where these are to be chosen."""
    improves = bool(params.get("trials"))
    changed = as_utc(params[CHANGED_AT]) if params.get(CHANGED_AT) else None
    weights = spec.retrain.half_life == CHOSEN or (improves and not spec.retrain.half_life)
    if spec.retrain.half_life == CHOSEN and not takes_weights(recipe.estimator):
        raise TrainingError(
            f"retrain.half_life of {spec.name!r} is auto, and its estimator takes no weights of rows.",
            "Leave out retrain.half_life, or take an estimator that does.",
        )
    if not (weights or changed or spec.retrain.features):
        return recipe, {}
    try:
        contest = Contest.on(spec, recipe, rows, runs=runs, deadline=deadline)
    except TrainingError as error:
        return recipe, {"compared": f"nothing was compared: {error.problem}"}
    notes: Json = {}
    if changed is not None and contest.challenge(
        f"rows since {changed:%Y-%m-%d %H:%M}", replace(recipe, since=changed)
    ):
        notes |= {"rows_chosen": "since_change", FROM: changed}
    if weights and takes_weights(contest.best.estimator):
        learned = contest.best.rows_of(spec, rows)[spec.data.time_column]
        for part in _HALVES:
            half_life = (learned.iloc[-1] - learned.iloc[0]).to_pytimedelta() / part
            if contest.challenge(f"half-life {told_length(half_life)}", replace(contest.best, half_life=half_life)):
                notes["half_life"] = told_length(half_life)
    if spec.retrain.features:
        from airmedic_core.training.features import try_features

        notes["features"] = try_features(spec, contest)
    return contest.best, {**notes, "tried": contest.tried}


def told_length(length: timedelta) -> str:
    """Return a length of time in days, or in hours where it is short.

    >>> told_length(timedelta(days=30)), told_length(timedelta(hours=7))
    ('30 days', '7 hours')
    """
    days, hours = length / timedelta(days=1), length / timedelta(hours=1)
    return f"{days:.3g} days" if days >= 2 else f"{hours:.3g} hours"


def _half_life(spec: ModelSpec, rows: pd.DataFrame) -> timedelta | None:
    """Return the half-life that the spec sets; None where it sets none or leaves the choice to withheld rows."""
    given = spec.retrain.half_life
    if given in {"", CHOSEN}:
        return None
    return half_life_of(given, rows[spec.data.time_column].iloc[-1].to_pydatetime())


def measure(spec: ModelSpec, model: Any, inputs: Inputs, rows: pd.DataFrame) -> dict[str, float]:
    """Return all metrics of a fitted model on labelled rows; NaN where one is not defined.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    model : object
        The fitted model.
    inputs : Inputs
        The inputs that it was fitted on.
    rows : pandas.DataFrame
        Labelled rows.
    """
    scores, _, classes = predicted(spec, model, inputs, rows)
    labels = encode_labels(spec, rows, classes)
    known = np.isfinite(labels)
    return {name: measure(labels[known], scores[known]) for name, measure in metrics_for(spec.task).items()}


def _recent(spec: ModelSpec, rows: pd.DataFrame, since: datetime | None, seen: Window | None) -> pd.DataFrame:
    """Return the rows since a change, or all newer ones where these are too few to calibrate on.

    On rows that the champion was fitted on, it says too much of what came of them: none of these is among them.
    """
    if seen is not None:
        rows = rows[rows[spec.data.time_column] >= seen.end]
    try:
        check_enough(spec, rows)
    except TrainingError as error:
        raise TrainingError(
            f"Of the rows that the champion of {spec.name!r} was not fitted on, {len(rows)} may be calibrated on. "
            f"{error.problem}",
            "Wait for more labels, or retrain it.",
        ) from error
    if since is None:
        return rows
    recent = rows[rows[spec.data.time_column] >= since]
    try:
        check_enough(spec, recent)
    except TrainingError:
        return rows
    return recent


def _after_the_change(spec: ModelSpec, recipe: Recipe, rows: pd.DataFrame, since: datetime) -> dict[str, Any]:
    """Decide whether to forget what was before a change, on the newest of the training rows.

    Rows from before a change teach a relation that no longer holds, but a few rows alone teach little: which of the two
    weighs more is measured, never on the withheld rows.
    """
    times, inputs = rows[spec.data.time_column], recipe.inputs
    recent = rows[times >= since]
    try:
        check_enough(spec, recent)
        boundary = recent[spec.data.time_column].iloc[int(len(recent) * (1 - _VALIDATION_FRACTION))]
        validation = rows[times >= boundary]
        measured = {}
        before = times < boundary
        for name, part in (("all", rows[before]), ("since_change", rows[before & (times >= since)])):
            check_enough(spec, part)
            fitted = fit(deepcopy(recipe.estimator), inputs, spec, part, half_life=recipe.half_life)
            measured[name] = measure(spec, fitted, inputs, validation)[spec.metric]
    except TrainingError as error:
        return {"rows_chosen": "all", "rows_chosen_because": f"too few rows since the change: {error.problem}"}
    sign = 1 if metric(spec.metric, spec.task).higher_is_better else -1
    better = sign * measured["since_change"] >= sign * measured["all"]
    notes = {f"validation_{name}": value for name, value in measured.items()}
    if better:
        return notes | {"rows_chosen": "since_change", FROM: recent[spec.data.time_column].iloc[0].to_pydatetime()}
    return notes | {"rows_chosen": "all"}
