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

from airmedic_core.errors import AirmedicError, TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.records import GateResult, Json
from airmedic_core.scoring import ScoredBatch, encode_labels
from airmedic_core.training.by_window import predicted
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
    acquired: pd.DataFrame | None = None
    """Made rows that it learns from beside the real ones."""

    def rows_of(self, spec: ModelSpec, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that it learns from."""
        return rows if self.since is None else rows[rows[spec.data.time_column] >= self.since]

    def fitted(self, spec: ModelSpec, rows: pd.DataFrame) -> Any:
        """Return a copy of its estimator, fitted on rows. Raise :class:`TrainingError` if they are too few."""
        chosen = self.rows_of(spec, rows)
        check_enough(spec, chosen)
        estimator = deepcopy(self.estimator)
        return fit(estimator, self.inputs, spec, chosen, half_life=self.half_life, acquired=self.acquired)


@dataclass
class Contest:
    """Compares ways of making a model, one after the other, and keeps the best."""

    spec: ModelSpec
    best: Recipe
    earlier: pd.DataFrame
    later: pd.DataFrame
    runs: TrialRuns | None = None
    """Says where it is kept what was tried."""
    deadline: float = math.inf
    """Moment of the monotonic clock after which nothing more is tried."""
    tried: list[Json] = field(default_factory=list)
    """Says what was tried, in order, and what came of it."""
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
        """Say whether the time for trying is over."""
        return monotonic() > self.deadline

    def challenge(self, name: str, recipe: Recipe, *, confirmed: bool = False) -> bool:
        """Try a way; keep it, and return True, if it clearly gains on the best so far.

        It does where the gate would pass it, the whole interval of its gain lies above zero, and the gain is more than
        the gate's margin lets pass as nothing: of many ways that are tried, some gain a little by chance.

        Parameters
        ----------
        name : str
            What people read: ``half-life 30 days``.
        recipe : Recipe
            The way.
        confirmed : bool
            Whether it has to gain on an earlier stretch as well: the interval covers the rows that are compared on, and
            not what another fit of the same kind would have come to, and one of many is the luckiest.
        """
        if self.over:
            self.tried.append({"tried": name, "taken": False, "because": "The time for trying was over."})
            return False
        started = monotonic()
        scored, result = self.compared(recipe)
        gain, low, high = result.difference, result.low, result.high
        taken = self._gains(result) and (not confirmed or self._gains_earlier(recipe))
        if taken:
            self.best, self._best_scored = recipe, scored
        told: Json = {"tried": name, "taken": taken, "gain": gain, "low": low, "high": high}
        if gain is None:
            told["because"] = " ".join(result.reasons)
        self.tried.append(told)
        if self.runs is not None:
            kept = {**told, "metric": self.spec.metric}
            value = result.challenger_value
            self.runs.record(len(self.tried), kept, value, monotonic() - started, name=f"choice {name}")
        return taken

    def _gains(self, result: GateResult) -> bool:
        if result.outcome != "passed" or result.difference is None or result.low is None:
            return False
        return result.low > 0 and result.difference >= abs(self.spec.gate.margin)

    def _gains_earlier(self, recipe: Recipe) -> bool:
        """Return whether a way gains as much on the newest quarter of the older rows."""
        try:
            earlier = Contest.on(self.spec, self.best, self.earlier)
        except TrainingError:
            return False
        _, result = earlier.compared(recipe)
        return result.difference is not None and result.difference >= abs(self.spec.gate.margin)

    def compared(self, recipe: Recipe) -> tuple[ScoredBatch | None, GateResult]:
        """Return what a way says of the newest rows, and how it compares with the best so far."""
        try:
            if self._best_scored is None:
                self._best_scored = self._scored(self.best)
            scored = self._scored(recipe)
        except AirmedicError as error:
            if error.transient:
                raise
            _log.info("A way of training cannot be tried: %s", error)
            return None, GateResult("not_comparable", self.spec.metric, (error.problem,))
        return scored, compare(self.spec, self._best_scored, scored, self.later)

    def _scored(self, recipe: Recipe) -> ScoredBatch:
        fitted = recipe.fitted(self.spec, self.earlier)
        scores, values, classes = predicted(self.spec, fitted, recipe.inputs, self.later)
        return ScoredBatch(scores, values, encode_labels(self.spec, self.later, classes), "", classes)
