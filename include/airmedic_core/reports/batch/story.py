"""All that a batch's report tells, read from the ledger once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from airmedic_core.assess import summarise
from airmedic_core.records import REQUESTED, Assessment, Batch, BatchSummary, Finding, Incident, Promotion
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
_READ_INCIDENTS = 50
"""Incidents among which those of the windows up to this one are looked for."""
_SHOWN_INCIDENTS = 3


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
    approvers: tuple[str, ...] = ()
    """The people who approved the proposal by which its version came to serve; the policy where nobody was asked."""
    incidents: tuple[Incident, ...] = ()
    """The last incidents that were seen by then, newest first."""

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
    def champion(self) -> Promotion | None:
        """The switch by which its version came to serve."""
        switches = (switch for switch in reversed(self.promotions) if switch.to_version == self.version)
        return next(switches, None)

    @property
    def incident(self) -> Incident | None:
        """The incident that it is seen in."""
        return next((incident for incident in self.incidents if self.batch.id in incident.batch_ids), None)

    @cached_property
    def beyond(self) -> tuple[int, int]:
        """How many inputs have moved beyond their usual range, and of how many that is known."""
        moves = largest_moves(self.findings, len(self.findings))
        return sum(move.of_usual > 1.0 for move in moves), len(moves)

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
    version = next((row.model_version for row in rows if row.id == batch.id), None) or ""
    promotions = tuple(reversed(ws.ledger.promotions(ws.spec.name)))
    served_by = next((switch.proposal_hash for switch in reversed(promotions) if switch.to_version == version), None)
    known = ws.ledger.incidents(ws.spec.name, limit=_READ_INCIDENTS)
    seen = [i for i in known if i.fingerprint != REQUESTED and i.window.start <= batch.window.start]
    return BatchStory(
        spec=ws.spec,
        batch=batch,
        version=version,
        assessment=ws.ledger.assessment(batch.id),
        findings=shown,
        hidden=len(findings) - len(shown),
        summary=summary,
        windows=measured_windows(rows, summary, batch),
        promotions=promotions,
        settings=tuple(ws.ledger.overrides(ws.spec.name, "setting")),
        approvers=tuple(ws.ledger.approvers_of([served_by]).get(served_by, ())) if served_by else (),
        incidents=tuple(seen[:_SHOWN_INCIDENTS]),
    )
