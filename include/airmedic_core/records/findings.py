"""Says what was seen of a batch: findings, and what they mean together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from airmedic_core.causes import Cause, Severity
from airmedic_core.records.plain_json import Json
from airmedic_core.windows import Window


class Verdict(StrEnum):
    """Lists what one check says of one subject, mildest first."""

    OK = "ok"
    UNKNOWN = "unknown"
    WATCH = "watch"
    ALERT = "alert"


_MILDEST_FIRST = tuple(Verdict)

ABNORMAL = frozenset({Verdict.WATCH, Verdict.ALERT})
"""Verdicts of findings that are not in order."""


@dataclass(frozen=True)
class Batch:
    """The rows of one model in one window, by name only."""

    model: str
    window: Window
    as_of: datetime
    """The moment of the observation: labels that became known later do not exist yet."""
    rows: int

    @property
    def id(self) -> str:
        """Identity of the batch: the same model and window is the same batch."""
        return f"{self.model}__{self.window.key}"


class Role(StrEnum):
    """Lists what a finding is evidence of. Findings are weighed by this, never by the name of their check."""

    INPUT_MOVED = "input_moved"
    """An input lies elsewhere than it usually does. Details: ``one_value`` where it holds one value only and held
    more, ``value_lost`` where none of its rows holds a value that was usual, ``exchanged`` where two values have each
    other's share."""
    DATA_FAULT = "data_fault"
    """The rows are damaged, late, doubled, renamed, in another unit … Details: ``labels_of`` with the earlier window
    whose labels are at fault, where labels come late."""
    LOSS = "loss"
    """Performance fell, or is estimated to have fallen. Details: ``decides`` where a loss of this metric counts,
    ``estimated`` where it rests on inputs alone, ``previous_version`` where two versions are compared on the same
    rows, ``not_knowable`` with the sentence that says which labels would decide it."""
    EXPLAINS_LOSS = "explains_loss"
    """Which part of a loss inputs, class mix or the relation account for. Details: ``decides`` where the first
    suggestion counts although the finding itself is in order."""
    SCORES_MOVED = "scores_moved"
    """The model answers otherwise than it did."""
    SERVICE = "service"
    """Says how the model is served: latency, the version in service."""
    TRIAL = "trial"
    """Says what a model that was trained in the shadow would change: an alert where it would save a clear part of the
    loss, in order where training would not help. Details: ``tried`` with the version, ``low`` and ``high``; ``waits``
    where moved inputs are watched until more rows show what they cost.
    """
    INFORMATION = "information"
    """A fact that speaks for no cause. An alert of this role is an incident that nothing explains."""


@dataclass(frozen=True)
class Finding:
    """One check's result on one subject."""

    check: str
    """Registry key of the check; ``pair`` where the comparison of two sets of rows found it before any check ran."""
    subject: str
    """A column, a segment such as ``hotel=City Hotel``, or ``batch``."""
    statistic: str
    """Says what was measured: ``psi``, ``null_fraction``, ``roc_auc``."""
    verdict: Verdict
    value: float | None = None
    baseline: float | None = None
    limit: float | None = None
    effect: float | None = None
    """Size of the change in units of its own scale (standard deviations, or a difference of fractions)."""
    p_value: float | None = None
    sample_size: int | None = None
    unit: str = ""
    message: str = ""
    """One sentence for people."""
    suggests: tuple[Cause, ...] = ()
    """Causes that this finding is evidence for, most specific first. Empty for facts."""
    role: Role = Role.INFORMATION
    explained_by: tuple[Cause, ...] = ()
    """Causes of which this finding is only a symptom: where another finding alerts of one of them on the same subject,
    or on the whole batch, this one says nothing of its own. A finding that is itself explained by a cause explains no
    other by it: two failed rules on the type of a column do not drop each other."""
    details: Json = field(default_factory=dict)
    """Further numbers and flags. ``failed`` is true where the check could not be carried out."""

    @property
    def key(self) -> str:
        """Identity of the finding within its batch."""
        return f"{self.check}:{self.subject}:{self.statistic}"

    @property
    def failed(self) -> bool:
        """Say whether the check could not be carried out: what it looks for may be there or not."""
        return self.verdict is Verdict.UNKNOWN and bool(self.details.get("failed"))

    @property
    def urgency(self) -> tuple[int, float, str]:
        """Sorts findings by the worst verdict, then by the largest effect."""
        return -_MILDEST_FIRST.index(self.verdict), -abs(self.effect or 0.0), self.key


@dataclass(frozen=True)
class Assessment:
    """Holds what a batch means: the checks' findings, weighed."""

    batch_id: str
    outcome: Literal["healthy", "watch", "incident"]
    cause: Cause
    severity: Severity
    headline: str
    fingerprint: str
    """Equal for the same problem of the same model, whatever the window."""
    finding_keys: tuple[str, ...] = ()
    """The findings that decided, strongest first."""
    not_knowable: tuple[str, ...] = ()
    """Says what cannot be known yet, and what would decide it."""


@dataclass(frozen=True)
class BatchSummary:
    """The few numbers of a batch that a page over a whole fleet shows, taken from its findings."""

    metric_name: str | None = None
    """The metric that decides, where enough labels were known to measure it."""
    metric_value: float | None = None
    metric_low: float | None = None
    metric_high: float | None = None
    metric_limit: float | None = None
    """Says what the metric may not pass: on the side of ``metric_higher_is_better``."""
    metric_higher_is_better: bool | None = None
    largest_move: float | None = None
    """Says how far the input that moved most has moved, as a share of its limit: 1 is at the limit."""
    rows_expected: float | None = None
