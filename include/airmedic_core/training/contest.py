"""The contest inside a training: which way of making the model clearly gains, on rows that none of them is fitted on.

The newest quarter of the training rows is set aside, all ways are fitted on the older ones, and each is compared with
the best so far as the gate compares a challenger with the champion. The rows that are withheld for the gate itself are
never looked at, so that the gate's word on the winner stays an independent one.
"""

from __future__ import annotations

import logging
import math
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import AirmedicError
from airmedic_core.inputs import Inputs
from airmedic_core.records import GateResult, Json
from airmedic_core.scoring import ScoredBatch, encode_labels, predict
from airmedic_core.training.methods import fit
from airmedic_core.training.paired import compare
from airmedic_core.training.rows import check_enough

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec
    from airmedic_core.training.trial_runs import TrialRuns

_SET_ASIDE = 0.25
"""Share of the training rows, the newest of them, on which the ways are compared."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """One way of making a model from training rows."""

    estimator: Any
    """Not fitted."""
    inputs: Inputs
    since: datetime | None = None
    """Rows before this moment are left out; None where all are learned from."""
    half_life: timedelta | None = None
    """The age at which a row counts half."""

    def rows_of(self, spec: ModelSpec, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that it learns from."""
        return rows if self.since is None else rows[rows[spec.data.time_column] >= self.since]

    def fitted(self, spec: ModelSpec, rows: pd.DataFrame) -> Any:
        """Return a copy of its estimator, fitted on rows. Raise :class:`TrainingError` if they are too few."""
        chosen = self.rows_of(spec, rows)
        check_enough(spec, chosen)
        return fit(deepcopy(self.estimator), self.inputs, spec, chosen, half_life=self.half_life)


@dataclass
class Contest:
    """Compares ways of making a model, one after the other, and keeps the best."""

    spec: ModelSpec
    best: Recipe
    earlier: pd.DataFrame
    later: pd.DataFrame
    runs: TrialRuns | None = None
    """Where it is kept what was tried."""
    deadline: float = math.inf
    """Moment of the monotonic clock after which nothing more is tried."""
    tried: list[Json] = field(default_factory=list)
    """What was tried, in order, and what came of it."""
    _best_scored: ScoredBatch | None = None

    @classmethod
    def on(
        cls,
        spec: ModelSpec,
        best: Recipe,
        rows: pd.DataFrame,
        *,
        runs: TrialRuns | None = None,
        deadline: float = math.inf,
    ) -> Contest:
        """Return the contest on training rows, split at a moment.

        Parameters
        ----------
        spec : ModelSpec
            The model: the gate's metric, margin and confidence.
        best : Recipe
            The way that is kept unless another one clearly gains.
        rows : pandas.DataFrame
            Training rows by time.
        runs : TrialRuns, optional
            Where it is kept what was tried.
        deadline : float
            Moment of the monotonic clock after which nothing more is tried.

        Raises
        ------
        TrainingError
            If the older rows are too few to fit on.
        """
        times = best.rows_of(spec, rows)[spec.data.time_column]
        boundary = times.iloc[int(len(times) * (1 - _SET_ASIDE))]
        newer = np.asarray(rows[spec.data.time_column] >= boundary)
        check_enough(spec, best.rows_of(spec, rows[~newer]))
        return cls(spec, best, rows[~newer], rows[newer], runs, deadline)

    @property
    def over(self) -> bool:
        """Whether the time for trying is over."""
        return monotonic() > self.deadline

    def challenge(self, name: str, recipe: Recipe) -> bool:
        """Try a way; keep it, and return True, if it clearly gains on the best so far.

        It does where the gate would pass it, and the whole interval of its gain lies above nothing.

        Parameters
        ----------
        name : str
            What people read: ``half-life 30 days``.
        recipe : Recipe
            The way.
        """
        if self.over:
            self.tried.append({"tried": name, "taken": False, "because": "The time for trying was over."})
            return False
        started = monotonic()
        result = self._compared(recipe)
        gain, low, high = result.difference, result.low, result.high
        taken = result.outcome == "passed" and low is not None and low > 0
        told: Json = {"tried": name, "taken": taken, "gain": gain, "low": low, "high": high}
        if gain is None:
            told["because"] = " ".join(result.reasons)
        self.tried.append(told)
        if self.runs is not None:
            kept = {**told, "metric": self.spec.metric}
            value = result.challenger_value
            self.runs.record(len(self.tried), kept, value, monotonic() - started, name=f"choice {name}")
        return taken

    def _compared(self, recipe: Recipe) -> GateResult:
        try:
            if self._best_scored is None:
                self._best_scored = self._scored(self.best)
            scored = self._scored(recipe)
        except AirmedicError as error:
            if error.transient:
                raise
            _log.info("A way of training cannot be tried: %s", error)
            return GateResult("not_comparable", self.spec.metric, (error.problem,))
        result = compare(self.spec, self._best_scored, scored, self.later)
        if result.outcome == "passed" and result.low is not None and result.low > 0:
            self.best, self._best_scored = recipe, scored
        return result

    def _scored(self, recipe: Recipe) -> ScoredBatch:
        fitted = recipe.fitted(self.spec, self.earlier)
        prepared = recipe.inputs.prepare(self.later)
        scores, predicted, classes = predict(self.spec, fitted, prepared, truth=self.later[self.spec.target])
        return ScoredBatch(scores, predicted, encode_labels(self.spec, self.later, classes), "", classes)
