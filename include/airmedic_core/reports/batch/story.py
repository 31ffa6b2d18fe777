"""All that a batch's report tells, read from the ledger once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from airmedic_core.assess import summarise
from airmedic_core.records import Assessment, Batch, BatchSummary, Finding, Promotion
from airmedic_core.reports.measured import largest_moves, measured_windows, metric_finding
from airmedic_core.reports.points import MetricPoint, Move
from airmedic_core.reports.private import Privacy
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    from airmedic_core.ledger import Override
    from airmedic_core.workspace import Workspace

SHOWN_WINDOWS = 60
"""Windows of the pictures and of the history's table: two months of daily ones."""
_MOST_MOVES = 10


@dataclass(frozen=True)
class BatchStory:
    """One batch with what was found in it, without private columns."""

    spec: ModelSpec
    batch: Batch
    version: str
    assessment: Assessment | None
    findings: tuple[Finding, ...]
    hidden: int
    """Findings on private columns, which stay in the ledger."""
    summary: BatchSummary
    windows: tuple[MetricPoint, ...]
    """The windows up to this one, oldest first."""
    promotions: tuple[Promotion, ...]
    """The model's switches, oldest first."""
    settings: tuple[Override, ...]
    """Says what was set otherwise than in the spec's file."""

    @property
    def outcome(self) -> str:
        """Return what the batch means, in a word."""
        return self.assessment.outcome if self.assessment else "not assessed"

    @cached_property
    def metric(self) -> Finding | None:
        """The finding on the metric that decides, where it was measured."""
        return metric_finding(self.summary, self.findings)

    @cached_property
    def moves(self) -> list[Move]:
        """The inputs that have moved most, the largest first."""
        return largest_moves(self.findings, _MOST_MOVES)

    @property
    def severity(self) -> int:
        """Return how bad the batch is: 0 where it is no incident, then 1 for low to 4 for critical."""
        return self.assessment.severity.order + 1 if self.assessment and self.outcome == "incident" else 0


def read_story(ws: Workspace, batch: Batch) -> BatchStory:
    """Read what the ledger holds about a batch.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        A batch whose findings are in the ledger.
    """
    findings = ws.ledger.findings(batch.id)
    shown = Privacy(ws.spec).findings(findings)
    summary = summarise(findings, ws.spec.metric)
    rows = ws.ledger.window_rows(ws.spec.name, limit=SHOWN_WINDOWS, until=batch.window.end)
    return BatchStory(
        spec=ws.spec,
        batch=batch,
        version=next((row.model_version for row in rows if row.id == batch.id), None) or "",
        assessment=ws.ledger.assessment(batch.id),
        findings=shown,
        hidden=len(findings) - len(shown),
        summary=summary,
        windows=measured_windows(rows, summary, batch),
        promotions=tuple(reversed(ws.ledger.promotions(ws.spec.name))),
        settings=tuple(ws.ledger.overrides(ws.spec.name, "setting")),
    )
