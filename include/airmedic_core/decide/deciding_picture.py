"""The one picture that decides an approval: what the gate compared, or the metric before and in the incident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.assess import summarise
from airmedic_core.decide.incident_metric import incident_metric
from airmedic_core.numbers import measure_name, number
from airmedic_core.records import BatchSummary, GateResult, Json, Proposal, from_json
from airmedic_core.reports.gate_words import gained
from airmedic_core.reports.text import day

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec
    from airmedic_core.windows import Window

_LOOKED_AT = 10
"""Newest windows in which the metric is looked for. Labels that are later than so many tell of another time."""

_CHANCE = {"roc_auc": 0.5}
"""What guessing reaches, by metric: of the others it depends on the share of the classes."""
_UP_TO_ONE = frozenset({"roc_auc", "accuracy", "f1", "average_precision", "pr_auc"})
"""Metrics that lie between 0 and 1, so that the length of a bar says how much is left."""


@dataclass(frozen=True)
class Bar:
    """One value that is compared with the others of its picture."""

    label: str
    value: float
    decides: bool = False
    """Whether it is what people are asked about; the others are what it is compared with."""


@dataclass(frozen=True)
class DecidingPicture:
    """Values of one metric side by side."""

    metric: str
    how: str
    """Which way is better."""
    bars: tuple[Bar, ...]
    note: str = ""
    """By how much the last one is better or worse, with the interval; empty where the values say it all."""
    rows: str = ""
    """The rows that both of two versions were measured on."""

    @property
    def title(self) -> str:
        """What is measured, and on which rows."""
        ends = f", {number(self.chance)} is chance, 1 is perfect" if self.chance else ""
        where = f", on {self.rows}" if self.rows else ""
        return f"{measure_name(self.metric)} ({self.how}{ends}{where})"

    @property
    def chance(self) -> float | None:
        """What guessing reaches, of a metric for which that is one number."""
        return _CHANCE.get(self.metric)

    @property
    def has_lengths(self) -> bool:
        """Whether lengths may be compared: not where a value is negative, as a share of explained variance may be."""
        return all(bar.value >= 0 for bar in self.bars)

    @property
    def full(self) -> float:
        """The value of a bar of full length: the best that can be reached, or the largest where nothing bounds it."""
        most = max((abs(bar.value) for bar in self.bars), default=0.0) or 1.0
        return 1.0 if self.metric in _UP_TO_ONE and most <= 1.0 else most


def deciding_picture(ledger: Ledger, spec: ModelSpec, proposal: Proposal) -> DecidingPicture | None:
    """Return what decides on a proposal; nothing where neither two versions nor the fault were measured.

    Parameters
    ----------
    ledger : Ledger
        The windows of the model.
    spec : ModelSpec
        The model.
    proposal : Proposal
        What is to be approved.
    """
    return _two_versions(ledger, spec, proposal) or _before_and_in(ledger, spec, proposal)


def _two_versions(ledger: Ledger, spec: ModelSpec, proposal: Proposal) -> DecidingPicture | None:
    gate: Json | None = proposal.params.get("gate")
    if not isinstance(gate, dict) or gate.get("champion_value") is None or gate.get("challenger_value") is None:
        return None
    result = from_json(GateResult, gate)
    bars = (
        Bar(f"version {result.champion}, serves now", float(result.champion_value or 0.0)),
        Bar(f"version {result.challenger}, proposed", float(result.challenger_value or 0.0), decides=True),
    )
    rows = f"{result.rows:,} rows new to both" if result.rows else "the same rows"
    measured = incident_metric(ledger, spec, ledger.incident(proposal.incident_id))
    # The version that serves is worse on them than in the incident, which is no error of either figure.
    if measured and measured.name == result.metric and measured.is_worse(bars[0].value, measured.value):
        rows = f"{rows}, harder than {measured.day}"
    note = gained(result, spec.gate.confidence) if result.difference is not None else ""
    return DecidingPicture(result.metric, _way(spec, result.metric), bars, note, rows)


def _before_and_in(ledger: Ledger, spec: ModelSpec, proposal: Proposal) -> DecidingPicture | None:
    incident = ledger.incident(proposal.incident_id)
    seen = [observed.batch for observed in ledger.batches(incident.model, limit=_LOOKED_AT)]
    findings = ledger.findings_of([batch.id for batch in seen])
    now: tuple[Window, BatchSummary] | None = None
    before: tuple[Window, BatchSummary] | None = None
    for batch in seen:
        measured = summarise(findings[batch.id], spec.metric)
        if measured.metric_value is None:
            continue
        if batch.id in incident.batch_ids:
            now = now or (batch.window, measured)
        elif batch.window.start < incident.window.start:
            before = (batch.window, measured)
            break
    if now is None or now[1].metric_name is None or now[1].metric_value is None:
        return None
    bars = [Bar(f"{day(now[0])}, the incident", now[1].metric_value, decides=True)]
    if before is not None and before[1].metric_value is not None:
        bars.insert(0, Bar(f"{day(before[0])}, before it", before[1].metric_value))
    if now[1].metric_limit is not None:
        accepted = "accepted up to" if now[1].metric_higher_is_better is False else "accepted from"
        bars.append(Bar(accepted, now[1].metric_limit))
    name = now[1].metric_name
    return DecidingPicture(name, _way(spec, name), tuple(bars), rows="all labelled rows")


def _way(spec: ModelSpec, name: str) -> str:
    from airmedic_core.errors import SpecError
    from airmedic_core.metrics import metric

    try:
        return "higher is better" if metric(name, spec.task).higher_is_better else "lower is better"
    except SpecError:
        return "of an earlier spec"
