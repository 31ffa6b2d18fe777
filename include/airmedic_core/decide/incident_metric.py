"""The metric that decides, in the newest window of an incident, beside what is accepted of the version that served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.assess import summarise
from airmedic_core.records import Incident
from airmedic_core.reports.text import day

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.spec import ModelSpec

_LOOKED_AT = 10
"""Newest windows in which the incident's are looked for."""


@dataclass(frozen=True)
class IncidentMetric:
    """A measured value, and the level that it is judged by."""

    name: str
    value: float
    limit: float
    higher_is_better: bool | None
    day: str
    version: str
    """The version that answered; empty where that is not known."""

    @property
    def is_beyond(self) -> bool:
        """Whether the value is worse than what is accepted."""
        return self.is_worse(self.value, self.limit)

    def is_worse(self, value: float, other: float) -> bool:
        """Return whether one value of the metric is worse than another."""
        return value > other if self.higher_is_better is False else value < other


def incident_metric(ledger: Ledger, spec: ModelSpec, incident: Incident) -> IncidentMetric | None:
    """Return the metric of the newest window of an incident that has one; nothing where none was measured.

    Parameters
    ----------
    ledger : Ledger
        The windows of the model.
    spec : ModelSpec
        The model.
    incident : Incident
        The incident.
    """
    for seen in ledger.batches(incident.model, limit=_LOOKED_AT):
        if seen.batch.id not in incident.batch_ids:
            continue
        measured = summarise(ledger.findings(seen.batch.id), spec.metric)
        if measured.metric_value is None or measured.metric_limit is None or measured.metric_name is None:
            continue
        return IncidentMetric(
            measured.metric_name,
            measured.metric_value,
            measured.metric_limit,
            measured.metric_higher_is_better,
            day(seen.batch.window),
            seen.model_version or "",
        )
    return None
