"""Says how a challenger is made, when it may replace the champion, and how it comes into service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from airmedic_core.errors import SpecError
from airmedic_core.spec.section import Section, Step
from airmedic_core.windows import Every

OWN_FAMILIES = ("linear", "trees", "boosting")
"""Families of models that scikit-learn offers; the flavours of other libraries add theirs."""


class TuneSection(Section):
    """Search over hyperparameters while retraining."""

    trials: int = Field(default=20, ge=1, le=1000)
    """Settings that are tried at the most."""
    timeout_seconds: int = Field(default=600, ge=1)
    """Time for all trials together."""
    space: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Pipeline parameter → ``{low, high, log}`` or ``{choices}``; where empty, a default space for the estimator."""
    families: tuple[str, ...] = ()
    """Families of models that are compared with the champion's own kind before the search: ``linear``, ``trees``,
    ``boosting``, and ``xgboost``, ``lightgbm`` or ``catboost`` where these are installed; where empty, none."""


class RetrainSection(Section):
    """Says how a challenger is made."""

    using: str = "clone"
    """``clone``, ``package.module:function`` or ``dag:<dag_id>``."""
    window: Step = "12 months"
    """Says how far back the training rows reach."""
    holdout_fraction: float = Field(default=0.2, gt=0, lt=0.9)
    """Newest part of the window that training never sees and the gate compares on."""
    min_rows: int = Field(default=200, ge=10)
    """With fewer labelled rows nothing is trained."""
    half_life: str = ""
    """The age at which a row counts half of what the newest one does, such as ``30 days``; ``auto`` compares several on
    withheld rows. Where empty, all rows count the same. The estimator has to take weights of rows."""
    features: tuple[Literal["ratios", "dates", "lags", "group_means"], ...] = ()
    """Features that are tried while retraining, and kept one by one where they clearly gain on withheld rows: ratios of
    two numbers, hour, weekday and month of the row, a number of the row before, the mean of the target in a group. Lags
    are for models that score batches: they are refused with a ``rollout.target`` that answers requests."""
    tune: TuneSection | None = None
    """Search over hyperparameters; where empty, those of the champion are kept."""

    @field_validator("half_life")
    @classmethod
    def _is_a_step(cls, half_life: str) -> str:
        if half_life not in {"", "auto"}:
            try:
                Every.parse(half_life)
            except SpecError as error:
                raise ValueError(f"{error} Or write auto.") from error
        return half_life


class GateSection(Section):
    """Says when a challenger may replace the champion."""

    metric: str = ""
    """Names the metric that decides; where empty, ``roc_auc``, ``accuracy`` or ``mae`` by task."""
    margin: float = -0.01
    """Sets how much worse the lower bound of the difference may be; for errors in units of the champion's error."""
    segment_margin: float = -0.05
    """The same within a segment: a challenger that is clearly worse than this in one is refused."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Confidence of the interval of the difference."""
    min_rows: int = Field(default=100, ge=10)
    """With fewer labelled rows the gate is inconclusive."""
    calibration_margin: float = Field(default=-0.02, le=0)
    """Sets how much further off a challenger's probabilities may be, in Brier score of two classes of one size, however
    well it orders the rows; of a rare class it is as much less as its Brier score is.
    """
    max_slowdown: float = Field(default=20.0, ge=1)
    """Sets how many times as long as the champion a challenger may take to score; it may always take a millisecond a
    row.
    """
    max_growth: float = Field(default=50.0, ge=1)
    """Sets how many times as large as the champion's a challenger's files may be; they may always have 100 MB."""


class RolloutSection(Section):
    """Says how a challenger comes into service, and how long it is watched."""

    strategy: str = "simple"
    """A file in ``rollout/``."""
    target: str = "alias"
    """Says where it serves online: a file in ``targets/``. It is told after each change."""
    target_options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of the target."""
    dag: str = ""
    """With ``registry: none``: the DAG that rolls back. Short form: ``rollout: dag:<dag_id>``."""
    watch_windows: int = Field(default=0, ge=0, le=100)
    """New windows to wait for before the deployment counts as healthy; 0 probes the newest batch at once."""
    watch_timeout_seconds: int = Field(default=86_400, ge=1)
    """Sets how long these windows are waited for."""
    options: Mapping[str, Any] = Field(default_factory=dict)
    """Options of the strategy."""


def rollout_in_full(raw: Any) -> Any:
    """Return what a spec says under ``rollout`` with ``dag:<dag_id>``, its short form, written out."""
    if not isinstance(raw, Mapping) or not str(raw.get("strategy", "")).startswith("dag:"):
        return raw
    rest = {key: value for key, value in raw.items() if key != "strategy"}
    return {**rest, "dag": str(raw["strategy"]).removeprefix("dag:")}
