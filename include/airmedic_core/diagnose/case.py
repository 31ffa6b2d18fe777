"""Says what a collector of evidence is given: the incident, its batches and findings, each read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from airmedic_core.knowledge import Library, open_library
from airmedic_core.knowledge.rankers import embedder_of, reranker_of
from airmedic_core.knowledge.remember import Memory, memories
from airmedic_core.records import ABNORMAL, Assessment, Cause, Finding, Incident, Json, Verdict

if TYPE_CHECKING:
    from airmedic_core.ledger import ObservedBatch
    from airmedic_core.workspace import Workspace

GROUPS = ("data", "performance", "drift")


@dataclass(frozen=True)
class UpstreamRun:
    """One run of the pipeline that delivers the rows, as the orchestrator reports it."""

    run_id: str
    state: str
    started_at: datetime | None = None
    failed_tasks: tuple[str, ...] = ()


@dataclass
class Case:
    """One incident under investigation.

    Collectors append to ``gaps`` what they could not find out, in one sentence each.
    """

    workspace: Workspace
    incident: Incident
    upstream: Sequence[UpstreamRun] | None = None
    """Runs of the upstream pipeline, where the caller could ask the orchestrator."""
    gaps: list[str] = field(default_factory=list)

    @cached_property
    def observed(self) -> list[ObservedBatch]:
        """The model's batches up to the moment of the incident, newest first."""
        return [
            seen
            for seen in self.workspace.ledger.batches(self.incident.model, limit=60)
            if seen.batch.as_of <= self.incident.as_of or seen.batch.id in self.incident.batch_ids
        ]

    @cached_property
    def affected(self) -> list[ObservedBatch]:
        """The incident's own batches, newest first."""
        return [seen for seen in self.observed if seen.batch.id in self.incident.batch_ids]

    @cached_property
    def newest(self) -> ObservedBatch | None:
        """The newest batch of the incident."""
        return self.affected[0] if self.affected else None

    @cached_property
    def findings(self) -> dict[str, list[Finding]]:
        """The newest batch's findings by group."""
        if self.newest is None:
            return {group: [] for group in GROUPS}
        batch_id = self.newest.batch.id
        return {group: self.workspace.ledger.findings(batch_id, group) for group in GROUPS}

    @cached_property
    def abnormal(self) -> list[Finding]:
        """The newest batch's findings that are not in order, in the order of the groups."""
        return [finding for group in GROUPS for finding in self.findings[group] if finding.verdict in ABNORMAL]

    @cached_property
    def assessment(self) -> Assessment | None:
        """Return what the checks together say of the newest batch."""
        return self.newest.assessment if self.newest else None

    @cached_property
    def memories(self) -> list[Memory]:
        """Return what closed incidents of all models taught, newest first."""
        return memories(self.workspace.ledger, leave_out=[self.incident.id])

    @cached_property
    def library(self) -> Library:
        """Runbooks and written incidents; remembered ones are read by their alarms instead."""
        settings = self.workspace.settings
        return open_library(settings.content, embedder=embedder_of(settings), reranker=reranker_of(settings))

    def history(self, finding: Finding) -> list[tuple[ObservedBatch | None, str | None, Finding, str]]:
        """Return the same finding in earlier windows, newest first, with version and window in words."""
        if self.newest is None:
            return []
        past = self.workspace.ledger.finding_history(
            self.incident.model, check=finding.check, subject=finding.subject, before=self.newest.batch.window.start
        )
        by_id = {seen.batch.id: seen for seen in self.observed}
        return [
            (by_id.get(batch.id), version, earlier, str(batch.window))
            for batch, version, earlier in past
            if earlier.statistic == finding.statistic
        ]


def likely_causes(case: Case, most: int = 4) -> list[Cause]:
    """Return the causes that the checks suggest, likeliest first: the assessment's, then by the findings' order."""
    ranked: dict[Cause, float] = {}
    if case.assessment is not None and case.assessment.cause is not Cause.HEALTHY:
        ranked[case.assessment.cause] = 1.5
    for finding in case.abnormal:
        for place, cause in enumerate(finding.suggests):
            weight = (1.0 if finding.verdict is Verdict.ALERT else 0.5) / (1 + place)
            ranked[cause] = max(ranked.get(cause, 0.0), weight)
    return sorted(ranked, key=lambda cause: -ranked[cause])[:most]


def bounded(details: Json, most: int = 12) -> Json:
    """Return the short plain entries of a finding's details, so that a packet stays small."""
    kept: Json = {}
    for key, value in details.items():
        if len(kept) == most:
            break
        if isinstance(value, bool | int | float) or value is None:
            kept[key] = value
        elif isinstance(value, str):
            kept[key] = value[:200]
        elif isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
            kept[key] = [item[:80] if isinstance(item, str) else item for item in value[:10]]
    return kept
