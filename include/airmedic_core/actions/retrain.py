"""Trains a challenger. Production keeps serving the champion until the gate and a second approval say otherwise."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path
from airmedic_core.errors import AirmedicError, SourceError, TrainingError
from airmedic_core.history import MARGIN, History, Outcome
from airmedic_core.narrowing import Field, Moment, Number
from airmedic_core.numbers import measure_name, percent
from airmedic_core.records import ActionResult, Cause, Diagnosis, Finding, Incident, IncidentState, Json, Proposal
from airmedic_core.training.learned_rows import LEARNS_FROM, learned_rows, told_rows, whole_window_learns
from airmedic_core.training.training_run import GATE_TAG
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.training.fit import Challenger
    from airmedic_core.workspace import Workspace


_TRIALS = 15
_log = logging.getLogger(__name__)


@final
class Retrain(Action):
    """Trains a challenger. Production keeps serving the champion until the gate and a second approval say otherwise."""

    description = "Trains a challenger on recent labelled rows."
    changes_production = False
    imperative = "Retrain"
    infinitive = "retrain"
    choice = "Retrain"
    path = Path.RETRAIN
    trains = True
    tried_first = True
    # Tuning fits many models on a long window. Nobody else waits for it: a training holds its own proposal only.
    deadline_seconds = 6 * 3600.0
    leads_to = "deploy"
    plans_anew = (LEARNS_FROM,)

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Choose window, method and, where something changed, the moment since when."""
        if tried := tried_for(ws, incident):
            return tried, f"{_trial_of(ws, incident)} {_expected(ws, tried)}"
        cause = diagnosis.cause if diagnosis is not None else incident.cause
        return plan_training(ws, incident, cause, ws.spec.retrain.using)

    def tried_already(self, ws: Workspace, incident: Incident) -> bool:
        """Return whether a version that was trained in the shadow helps: the training would take it up."""
        return bool(tried_for(ws, incident))

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the rows, and what follows."""
        params = proposal.params
        if not (params.get("window_start") and params.get("window_end")):
            return ()
        calibrates, counts = params.get("method") == "recalibrate", params.get(LEARNS_FROM)
        made = "recalibrated" if calibrates else "trained"
        return [
            f"A new version is {made} on the labelled rows of {_window(params)}. What serves now goes on serving.",
            *([told_rows(counts)] if counts else []),
            *(["Rows that the model was trained on before are left out."] if calibrates else []),
            "It is compared with what serves, on rows that it was not trained on. If it is good, you are asked again.",
        ]

    def narrowing(self, proposal: Proposal) -> Sequence[Field]:
        """Let approvers shorten the window on either side, and make the gate stricter."""
        params = proposal.params
        start, end = str(params.get("window_start", "")), str(params.get("window_end", ""))
        if not (start and end):
            return ()
        # A training that ends before the change would learn nothing of it.
        changed = min(str(params.get("since") or start), end, key=as_utc)
        fields: list[Field] = [
            Moment("window_start", "First moment of the training rows", start, start, end),
            Moment("window_end", "End of the training rows", end, max(start, changed, key=as_utc), end),
        ]
        if (margin := float(params.get(MARGIN, 0.0))) < 0:
            fields.append(Number(MARGIN, "Margin of the gate", margin, low=margin, high=0.0))
        return fields

    def narrowed(self, ws: Workspace, proposal: Proposal, chosen: Json) -> tuple[Json, str]:
        """Check that the rows of the shorter window are enough.

        Raises
        ------
        TrainingError
            If they are not.
        """
        params = {**proposal.params, **chosen}
        return params | {LEARNS_FROM: _counted(ws, params)}, _expected(ws, params)

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that there is a champion to learn from and that the method exists."""
        from airmedic_core.training.methods import method_of

        ws.registry.champion(ws.spec.name)
        _check_method(ws, method_of(ws.spec, proposal.params.get("method")))

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep which version was the challenger before."""
        before = ws.registry.by_alias(ws.spec.name, "challenger")
        return {"challenger": before.version if before else None}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say what would be trained on what."""
        window = _window(params)
        told = f" {told_rows(params[LEARNS_FROM])}" if params.get(LEARNS_FROM) else ""
        return (
            f"A challenger of {ws.spec.name} would be trained ({params['method']}) on the labelled rows of {window},"
            f" the newest {percent(ws.spec.retrain.holdout_fraction)} withheld for the gate. The champion would go on"
            f" serving.{told}"
        )

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Train; a model that is in no registry has been trained by the team's own DAG when this runs."""
        if ws.spec.only_logged:
            return {"summary": f"{_dag(ws)} has trained the model.", "version": ""}
        return _output(_train(ws, proposal, proposal.hash, {}))

    def has_more(self, ws: Workspace, proposal: Proposal, done: ActionResult) -> bool:
        """Allow a second training where the gate refused the first challenger."""
        if done.status != "done" or ws.spec.retrain.using.startswith("dag:"):
            # A DAG of the team's own trains in one way only.
            return False
        try:
            _check_method(ws, ws.spec.retrain.using)
        except TrainingError:
            return False
        first = ws.registry.version(ws.spec.name, str(done.output.get("version", "")))
        return first.tags.get(GATE_TAG, "passed") != "passed"

    def again(self, ws: Workspace, proposal: Proposal, done: ActionResult, now: datetime) -> ActionResult:
        """Train once more, in another way."""
        from airmedic_core.training.data_window import DATA_WINDOW
        from airmedic_core.training.making import CHANGED_AT
        from airmedic_core.training.trial import TRIED

        own = ":" in ws.spec.retrain.using
        changed: Json = {"method": ws.spec.retrain.using if own else "clone", "trials": _TRIALS}
        if not _inputs_moved(ws, proposal) or whole_window_learns(ws.spec, proposal.params):
            # What happened gradually gives too few rows since it was noticed; the whole window is compared on more. A
            # move of the inputs is noticed at once, and the whole window would withhold all that has moved.
            changed["since"] = None
        # Whether to forget what was before a change is asked once more, of more rows that come after it.
        changed[CHANGED_AT] = proposal.params.get("since")
        # On the same rows, the version that was tried in the shadow is the one that the gate refused: train another.
        changed |= {TRIED: None, DATA_WINDOW: None}
        output = _output(_train(ws, proposal, f"{proposal.hash}:improved", changed))
        return replace(done, summary=str(output.pop("summary")), output=output | {"improves": done.output["version"]})

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Check that the version loads."""
        if ws.spec.only_logged:
            return []
        try:
            ws.registry.load(ws.registry.version(ws.spec.name, str(output["version"])))
        except AirmedicError as error:
            if error.transient:
                raise
            return [str(error)]
        return []

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Nothing in production changed."""
        return "The challenger is left where it is; it serves nobody."

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Say why nothing came of the training: where a deployment came of it, that is judged instead.

        Of a model that is in no registry, the logged predictions tell whether another version serves since.
        """
        if history.ws.spec.only_logged:
            return _seen_in_predictions(history, done)
        stopped = _stopped(history, self.leads_to)
        reasons = stopped or " ".join(history.gate(done).get("reasons", ())) or "No challenger passed the gate."
        return Outcome(IncidentState.ESCALATED, "recommended" if stopped else "refused", reasons)


def plan_training(ws: Workspace, incident: Incident, cause: Cause, method: str) -> tuple[Json, str]:
    """Return the parameters of a training and what is expected of it: its window, and since when something changed.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident.
    cause : Cause
        Its cause.
    method : str
        How the challenger is made.
    """
    from airmedic_core.training.rows import training_window

    window = _looked_at(ws, training_window(ws.spec, incident.as_of))
    params: Json = {
        "window_start": window.start.isoformat(),
        "window_end": window.end.isoformat(),
        "as_of": incident.as_of.isoformat(),
        "method": method,
    }
    if not ws.spec.only_logged:
        # A model that is in no registry comes to no gate.
        params[MARGIN] = ws.spec.gate.margin
    _check_method(ws, method)
    if not ws.spec.only_logged:
        from airmedic_core.targets import check_lags
        from airmedic_core.training.families import check_families

        check_families(ws.spec)
        check_lags(ws.spec)
    if cause.traits.relation_changed or cause.traits.inputs_moved:
        params["since"] = _began(ws, incident, cause).isoformat()
    try:
        params[LEARNS_FROM] = _counted(ws, params)
    except (SourceError, TrainingError) as error:
        # People decide without the numbers rather than not at all; the training reads the rows again.
        _log.warning("The rows of a training of %s cannot be counted: %s", ws.spec.name, error)
        params[LEARNS_FROM] = {"problem": error.problem}
    return params, _expected(ws, params)


def _inputs_moved(ws: Workspace, proposal: Proposal) -> bool:
    """Return whether a training is the remedy of inputs that have moved."""
    diagnosis = ws.ledger.standing_diagnosis(proposal.incident_id)
    cause = diagnosis.cause if diagnosis is not None else ws.ledger.incident(proposal.incident_id).cause
    return cause.traits.inputs_moved


def _counted(ws: Workspace, params: Json) -> Json:
    """Return how many rows a training has to learn from. Raise if they are too few."""
    from airmedic_core.training.rows import training_rows

    since = as_utc(params["since"]) if params.get("since") else None
    return learned_rows(ws.spec, training_rows(ws, _window(params), as_utc(params["as_of"]), since=since), since=since)


def _seen_in_predictions(history: History, done: RecordedAction) -> Outcome:
    """Judge a training by the logged predictions: those of a version that came after the incident's window."""
    last = next(iter(history.ws.ledger.promotions(history.incident.model)), None)
    if last is not None and last.at >= history.incident.window.end:
        return Outcome(IncidentState.RESOLVED, "changed", f"{done.summary} Version {last.to_version} serves since.")
    summary = f"{done.summary} No prediction of another version has been logged yet."
    return Outcome(IncidentState.ESCALATED, "inconclusive", summary)


def _dag(ws: Workspace) -> str:
    return ws.spec.retrain.using.removeprefix("dag:")


def _check_method(ws: Workspace, method: str) -> None:
    """Raise if the champion cannot be fitted again, and the method is to do that."""
    from airmedic_core.training.methods import cloned

    if ws.spec.only_logged:
        if not method.startswith("dag:"):
            raise TrainingError(
                f"{ws.spec.name!r} is in no registry, so Airmedic cannot retrain it.",
                "Name the DAG that does: retrain: dag:<dag_id>.",
            )
        return
    champion = ws.registry.by_alias(ws.spec.name, "champion")
    if method == "clone" and champion is not None:
        cloned(ws, champion)


def _stopped(history: History, deployment: str) -> str:
    """Return why a challenger that has passed the gate is not deployed; nothing where none has passed."""
    advised = [proposal.reason for proposal in history.proposals if proposal.action == deployment]
    last = history.decisions[-1] if history.decisions else {"skipped": ()}
    stopped = [last["reason"] for passed_over in last["skipped"] if passed_over["action"] == deployment]
    return next((f"A challenger has passed the gate, and is not deployed: {why}" for why in (*stopped, *advised)), "")


def _train(ws: Workspace, proposal: Proposal, key: str, changed: Json) -> Challenger:
    from airmedic_core.training.fit import train

    links = {"proposal_hash": proposal.hash, "incident_id": proposal.incident_id, "training_key": key}
    params = {**proposal.params, **changed, **links}
    number, started = ws.ledger.begin_training(proposal), perf_counter()
    try:
        return train(ws, _window(proposal.params), as_utc(proposal.params["as_of"]), params)
    finally:
        # What has failed has cost as much.
        ws.ledger.end_training(number, seconds=perf_counter() - started)


def _output(challenger: Challenger) -> Json:
    return {
        "summary": f"Version {challenger.version.version} is trained on {challenger.train_window}.",
        "version": challenger.version.version,
        "run_id": challenger.run_id,
        "trained_window": challenger.train_window.key,
        "withheld_window": challenger.holdout_window.key,
        "metrics": {name: value for name, value in challenger.metrics.items() if value == value},  # noqa: PLR0124  NaN
    }


def _expected(ws: Workspace, params: Json) -> str:
    margin = abs(float(params.get(MARGIN, ws.spec.gate.margin)))
    return (
        f"A new version that is put forward only if its {measure_name(ws.spec.metric)}, on rows that it was not trained"
        f" on, is certainly not more than {margin:g} worse than that of the version that serves. If it is refused, one"
        " more is trained: on all rows, tuned, with what else clearly helps (fewer rows, or recent ones counting more)."
    )


def _window(params: Json) -> Window:
    return Window(as_utc(params["window_start"]), as_utc(params["window_end"]))


def tried_for(ws: Workspace, incident: Incident) -> Json:
    """Return the parameters of the training that was tried in the shadow on the incident's newest batch and helps.

    They name the version that was tried: it is taken up in place of another one while the rows are the same. Nothing
    where nothing was tried, where it does not help, or where another version serves since.
    """
    from airmedic_core.training.trial import PLAN, TRIED

    finding = _trial_finding(ws, incident)
    if finding is None or PLAN not in finding.details:
        return {}
    champion = ws.registry.by_alias(ws.spec.name, "champion")
    if champion is None or champion.version != finding.details["champion"]:
        return {}
    return {**finding.details[PLAN], TRIED: finding.details[TRIED]}


def _trial_of(ws: Workspace, incident: Incident) -> str:
    finding = _trial_finding(ws, incident)
    return finding.message if finding else ""


def _trial_finding(ws: Workspace, incident: Incident) -> Finding | None:
    newest = incident.batch_ids[-1:]
    return next((finding for batch_id in newest for finding in ws.ledger.findings(batch_id, "trial")), None)


def _looked_at(ws: Workspace, window: Window) -> Window:
    """Leave out what came after the newest window that was assessed: nobody knows whether those rows are sound."""
    assessed = (seen for seen in ws.ledger.batches(ws.spec.name) if seen.assessment is not None)
    newest = next((seen.batch.window.end for seen in assessed), window.end)
    return Window(window.start, newest) if window.start < newest < window.end else window


def _began(ws: Workspace, incident: Incident, cause: Cause) -> datetime:
    """Return the start of the unbroken run of windows in which the model lost, up to the incident's own.

    Where inputs have moved, it begins with the windows in which they had moved already and nothing was lost yet.
    """
    began = incident.window.start
    for seen in ws.ledger.batches(ws.spec.name, before=incident.window.start):
        if seen.assessment is None or seen.batch.window.end != began:
            break
        traits = seen.assessment.cause.traits
        if traits.harmless and not (traits.inputs_moved and cause.traits.inputs_moved):
            break
        began = seen.batch.window.start
    return began
