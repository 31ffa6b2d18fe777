"""Tries whether training would help: a challenger in the shadow, and what the gate says of it.

Nothing in production changes: no alias moves, and the version is tagged as a trial. Where people approve a training
afterwards on exactly the same rows, the version that was tried is taken up in place of another one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from airmedic_core.causes import Cause
from airmedic_core.metrics import metric
from airmedic_core.numbers import measure_name, percent
from airmedic_core.records import Finding, GateResult, Json, Role, Verdict, digest
from airmedic_core.training.data_window import DATA_WINDOW
from airmedic_core.training.fit import train
from airmedic_core.training.gate import evaluate_gate
from airmedic_core.training.learned_rows import whole_window_learns
from airmedic_core.training.withheld import withheld_rows
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.registry import ModelVersion
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

CHECK = "trial"
"""The name that stands for a check in a trial's finding, and the group that it is recorded in."""
PLAN = "plan"
"""Key in the details of a trial that helps: the parameters of the training that was tried."""
TRIED = "tried"
"""Key of the version that was tried: in a trial's details, and among the parameters of a training that takes it up."""

Says = Literal["helps", "does not help", "open"]


@dataclass(frozen=True)
class Trial:
    """A challenger that was trained in the shadow, and how it compares with the champion."""

    version: ModelVersion
    gate: GateResult
    plan: Json
    """The parameters of the training."""
    confidence: float
    """Of the interval of the gain: the gate's, and more with each further look at the same champion."""

    def says(self, spec: ModelSpec, *, at_least: float = 0.0) -> Says:
        """Return whether training helps.

        It does where the gate passes, the gain is more than the gate's margin lets pass as nothing, and the whole
        interval of it lies above ``at_least``. It does not where the gate refuses, or the whole interval lies below
        that.

        Parameters
        ----------
        spec : ModelSpec
            The model, for its gate.
        at_least : float
            How much the lower bound of the gain has to be.
        """
        nothing = abs(spec.gate.margin)
        gate = self.gate
        if gate.difference is None or gate.low is None or gate.high is None:
            return "open"
        if gate.outcome == "passed" and gate.low > at_least and gate.difference >= nothing:
            return "helps"
        return "does not help" if gate.outcome == "refused" or gate.high < nothing else "open"


def confidence_of(spec: ModelSpec, look: int) -> float:
    """Return the confidence of the n-th look at whether anything is better than a champion.

    Each training is another challenger, and one that is better by chance comes sooner or later. What the gate's
    confidence leaves for error is shared out among all looks to come, 6 / (π n)² of it to the n-th, so that their sum
    is what one look alone would have. Two trainings of one window are two looks.

    Parameters
    ----------
    spec : ModelSpec
        The model, for its gate.
    look : int
        Which look it is since the champion came, from 1.
    """
    return 1.0 - (1.0 - spec.gate.confidence) * 6.0 / (math.pi * look) ** 2


def try_training(ws: Workspace, plan: Json, *, look: int = 1) -> Trial:
    """Train as a plan says, in the shadow, and compare what comes of it with the champion. Done twice it trains once.

    Parameters
    ----------
    ws : Workspace
        The model.
    plan : dict
        Parameters of a training, as the action's plan returns them.
    look : int
        Which look at this champion it is, from 1.

    Raises
    ------
    TrainingError
        If the rows are too few or do not fit. A retry does not help.
    SourceError
        If the rows cannot be read.
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    as_of = as_utc(plan["as_of"])
    champion = ws.registry.champion(ws.spec.name)
    window = Window(as_utc(plan["window_start"]), as_utc(plan["window_end"]))
    key = digest({"trial": plan, "model": ws.spec.name, "champion": champion.version})
    challenger = train(ws, window, as_of, {**plan, "training_key": key, "only_tried": True})
    stricter = ws.spec.gate.model_copy(update={"confidence": confidence_of(ws.spec, look)})
    judging = replace(ws, spec=ws.spec.model_copy(update={"gate": stricter}))
    gate = evaluate_gate(judging, challenger, champion, withheld_rows(ws, challenger, as_of))
    return Trial(challenger.version, gate, plan, stricter.confidence)


def plans(spec: ModelSpec, plan: Json, *, moved: bool = False) -> Iterator[Json]:
    """Yield what is tried, until something helps: the plan, then a full refit on the whole window.

    What happened gradually gives too few rows since it was noticed, and a calibration mends no ranking. A move of the
    inputs is noticed at once: right after it the whole window is left out, which would withhold all that has moved.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    plan : dict
        Parameters of a training, as the action's plan returns them.
    moved : bool
        Whether the inputs have moved since when the plan says.
    """
    yield plan
    full = {**plan, "method": "clone" if plan["method"] == "recalibrate" else plan["method"]}
    if not moved or whole_window_learns(spec, plan):
        full.pop("since", None)
    if full != plan:
        yield full


def finding_of(spec: ModelSpec, trial: Trial, says: Says, cause: Cause) -> Finding:
    """Return what a trial found, as the checks' findings are kept.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    trial : Trial
        The trial that decides.
    says : str
        Whether training helps.
    cause : Cause
        The cause that a trial speaks for that helps.
    """
    gate = trial.gate
    details: Json = {
        TRIED: trial.version.version,
        "as_of": trial.plan["as_of"],
        "champion": gate.champion,
        "low": gate.low,
        "high": gate.high,
        "gate": gate.outcome,
        "confidence": trial.confidence,
    }
    if says == "helps":
        details[PLAN] = {**trial.plan, DATA_WINDOW: trial.version.tags.get(DATA_WINDOW, "")}
    verdict = {"helps": Verdict.ALERT, "does not help": Verdict.OK, "open": Verdict.UNKNOWN}[says]
    return Finding(
        check=CHECK,
        subject="batch",
        statistic=spec.metric,
        verdict=verdict,
        value=gate.challenger_value,
        baseline=gate.champion_value,
        effect=gate.difference,
        sample_size=gate.rows,
        message=told(spec, gate, says, trial.confidence),
        suggests=(cause,) if says == "helps" else (),
        role=Role.TRIAL,
        details=details,
    )


def _sure(confidence: float) -> str:
    """Return a confidence in percent, with as many digits as tell it from certainty.

    >>> _sure(0.95), _sure(0.99662), _sure(0.99996)
    ('95 %', '99.662 %', '99.996 %')
    """
    digits = math.ceil(-math.log10(1.0 - confidence))
    return f"{f'{100 * confidence:.{digits}f}'.rstrip('0').rstrip('.')} %"


def told(spec: ModelSpec, gate: GateResult, says: Says, confidence: float) -> str:
    """Return what a trial found, in one sentence.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    gate : GateResult
        The comparison.
    says : str
        Whether training helps.
    confidence : float
        Of the interval.
    """
    rows = f"on {gate.rows:,} rows that neither model was trained on"
    if gate.difference is None or gate.low is None or gate.high is None:
        return f"A model was trained in the shadow, and could not be compared: {' '.join(gate.reasons)}"
    sure = f"{_sure(confidence)} interval"
    if metric(spec.metric, spec.task).relative:
        amount = f"save {percent(gate.difference)} of the error"
        bounds = f"({sure} {percent(gate.low)} to {percent(gate.high)})"
    else:
        amount = f"gain {gate.difference:.3f} in {measure_name(spec.metric)}"
        bounds = f"({sure} {gate.low:.3f} to {gate.high:.3f})"
    if says == "helps":
        # The gate says how certain the gain is, on the same rows: two intervals for one gain would puzzle people.
        return f"A retrained model would {amount} {rows}."
    if says == "does not help":
        return f"Retraining would not help: a model that was trained in the shadow would {amount} {bounds} {rows}."
    return f"Whether retraining would help is open: it would {amount} {bounds} {rows}."
