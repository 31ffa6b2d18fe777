"""Everything on record about one incident, read from the ledger once and put in order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from airmedic_core.assess import summarise
from airmedic_core.records import (
    Approval,
    Assessment,
    Batch,
    BatchSummary,
    Diagnosis,
    Evidence,
    EvidencePacket,
    Finding,
    GateResult,
    Incident,
    Json,
    Permission,
    Promotion,
    Proposal,
    from_json,
)
from airmedic_core.reports.measured import largest_moves, measured_windows, metric_finding
from airmedic_core.reports.points import MetricPoint, Move
from airmedic_core.reports.private import Privacy
from airmedic_core.reports.text import duration, line
from airmedic_core.spec import ModelSpec

if TYPE_CHECKING:
    from airmedic_core.ledger import LanguageModelCall, Ledger, RecordedAction
    from airmedic_core.workspace import Workspace

_SHOWN_WINDOWS = 60
"""Windows of the picture of the metric: two months of daily ones."""
_MOST_MOVES = 10
EventKind = Literal["seen", "incident", "decision", "proposal", "approval", "refused", "action", "promotion", "end"]


_PERMISSIONS = {
    Permission.AUTO: "allowed by policy",
    Permission.ASK: "needs an approval",
    Permission.ASK_TWO: "needs two approvals",
    Permission.RECOMMEND: "recommended only",
    Permission.DENY: "denied by policy",
}


def needs(proposal: Proposal) -> str:
    """Return what the policy says of a proposal, in words."""
    if proposal.needed > max(proposal.permission.people, 1):
        return f"needs {proposal.needed} approvals"
    return _PERMISSIONS[proposal.permission]


@dataclass(frozen=True)
class Event:
    """One line of the timeline."""

    at: datetime
    kind: EventKind
    text: str


@dataclass(frozen=True)
class Dossier:
    """One incident with all that belongs to it, private columns included: what shows it has to leave them out."""

    spec: ModelSpec
    incident: Incident
    packet: EvidencePacket | None = None
    diagnoses: tuple[tuple[Diagnosis, bool], ...] = ()
    """Each engine's answer, and whether it stands."""
    decisions: tuple[Json, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    approvals: Mapping[str, tuple[Approval, ...]] = field(default_factory=dict)
    """The answers, by proposal hash."""
    actions: tuple[RecordedAction, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    """The model's switches, oldest first; those before the incident tell what served then."""
    gates: tuple[GateResult, ...] = ()
    compared: tuple[Json, ...] = ()
    """What windows have shown of a version that its last deployment has tried beside the one that served."""
    batches: tuple[Batch, ...] = ()
    """The incident's own batches, oldest first."""
    assessments: tuple[Assessment, ...] = ()
    windows: tuple[MetricPoint, ...] = ()
    """The model's windows with the deciding metric, oldest first."""
    findings: tuple[Finding, ...] = ()
    """Says what was found in the first batch that the incident was seen in, without private columns."""
    summary: BatchSummary = field(default_factory=BatchSummary)
    """The few numbers of that batch."""
    calls: tuple[LanguageModelCall, ...] = ()
    """Says what language models were asked, newest first."""
    audit: tuple[int, str] | None = None
    """Number of records and head of the audit chain."""

    @property
    def privacy(self) -> Privacy:
        """Return what leaves out private columns, and the evidence on them where it is quoted."""
        items = self.packet.items if self.packet else ()
        return Privacy(self.spec, [item.statement for item in items if self.spec.is_private(item.subject)])

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The packet's items without those on private columns."""
        return self.privacy.evidence(self.packet.items) if self.packet else ()

    @property
    def standing(self) -> Diagnosis | None:
        """The diagnosis that stands."""
        return next((diagnosis for diagnosis, stands in self.diagnoses if stands), None)

    @property
    def serving(self) -> Promotion | None:
        """The last switch before the incident was first seen: what served then."""
        before = [promotion for promotion in self.promotions if promotion.at <= self.incident.window.end]
        return before[-1] if before else None

    @property
    def metric(self) -> Finding | None:
        """The finding on the metric that decides, in the batch that the incident was first seen in."""
        return metric_finding(self.summary, self.findings)

    @property
    def moves(self) -> list[Move]:
        """The inputs that had moved most then."""
        return largest_moves(self.findings, _MOST_MOVES)

    @property
    def rehearsed(self) -> bool:
        """Say whether the last decision was a dry run, which changes nothing."""
        return bool(self.decisions) and bool((self.decisions[-1].get("details") or {}).get("dry_run"))

    @property
    def approvers(self) -> tuple[str, ...]:
        """Return who approved something, each once."""
        answers = (answer for proposal in self.proposals for answer in self.approvals.get(proposal.hash, ()))
        agreed = (answer.by for answer in answers if answer.answer == "approve" and not answer.refused_because)
        return tuple(dict.fromkeys(agreed))

    @property
    def switches(self) -> tuple[Promotion, ...]:
        """The switches that this incident's own proposals made."""
        own = {proposal.hash for proposal in self.proposals}
        return tuple(promotion for promotion in self.promotions if promotion.proposal_hash in own)

    def action_of(self, proposal: Proposal) -> RecordedAction | None:
        """Return the last attempt to carry out a proposal."""
        return next((done for done in reversed(self.actions) if done.proposal_hash == proposal.hash), None)

    def timeline(self) -> tuple[Event, ...]:
        """Return what happened, oldest first; events of one moment keep the order of cause and effect."""
        return tuple(sorted(self._events(), key=lambda event: event.at))

    def _events(self) -> Sequence[Event]:
        incident = self.incident
        events = [
            Event(batch.as_of, "seen", f"Batch {batch.window} observed, {batch.rows:,} rows") for batch in self.batches
        ]
        events.append(Event(incident.opened_at, "incident", f"Incident opened: {incident.headline}"))
        for decision in self.decisions:
            at = _moment(decision)
            if at is not None:
                events.append(
                    Event(at, "decision", f"Decided: {decision.get('path', '?')}. {decision.get('reason', '')}")
                )
        for proposal in self.proposals:
            verb = "Narrowed by its approver:" if proposal.parent else "Proposed"
            text = f"{verb} {proposal.action.replace('_', ' ')} ({needs(proposal)})"
            events.append(Event(proposal.created_at, "proposal", text))
            for answer in self.approvals.get(proposal.hash, ()):
                verb = "approved" if answer.answer == "approve" else "rejected"
                said = f": {line(answer.comment, 120)}" if answer.comment else ""
                if answer.refused_because:
                    told = f"{answer.by} ({answer.answer} {proposal.action})"
                    text = f"Answer of {told} not counted: {answer.refused_because}"
                    events.append(Event(answer.at, "refused", text))
                else:
                    events.append(Event(answer.at, "approval", f"{answer.by} {verb} {proposal.action}{said}"))
        for done in self.actions:
            ended = f"{done.action} {done.status} after {duration(done.seconds)}: {done.summary}"
            began = f"{done.action} began and has not ended"
            events.append(Event(done.started_at, "action", began if done.result is None else ended))
        for switch in self.switches:
            text = f"Champion switched from {switch.from_version or 'none'} to {switch.to_version} by {switch.by}"
            events.append(Event(switch.at, "promotion", text))
        if incident.closed_at is not None:
            events.append(Event(incident.closed_at, "end", f"Incident closed: {incident.state}"))
        return events


def read_dossier(ws: Workspace, incident_id: str) -> Dossier:
    """Read all that the ledger holds about an incident.

    Raises
    ------
    LedgerError
        If there is no such incident.
    """
    ledger = ws.ledger
    incident = ledger.incident(incident_id)
    decisions = tuple(ledger.decisions(incident_id))
    details = [decision.get("details") or {} for decision in decisions]
    proposals = tuple(ledger.proposals(incident_id))
    actions = tuple(ledger.actions(incident_id=incident_id))
    observed = [seen for seen in ledger.batches(ws.spec.name, limit=200) if seen.batch.id in incident.batch_ids]
    head = ledger.audit_head()
    first = observed[-1].batch if observed else None
    findings = ledger.findings(first.id) if first else []
    summary = summarise(findings, ws.spec.metric)
    return Dossier(
        spec=ws.spec,
        incident=incident,
        packet=ledger.packet(incident_id),
        diagnoses=tuple(ledger.diagnoses(incident_id)),
        decisions=decisions,
        proposals=proposals,
        approvals={proposal.hash: tuple(ledger.approvals(proposal.hash)) for proposal in proposals},
        actions=actions,
        promotions=tuple(reversed(ledger.promotions(ws.spec.name))),
        gates=tuple(map(Privacy(ws.spec).gate, _gates([*details, *(proposal.params for proposal in proposals)]))),
        compared=_compared(ledger, proposals),
        batches=tuple(seen.batch for seen in reversed(observed)),
        assessments=tuple(seen.assessment for seen in reversed(observed) if seen.assessment is not None),
        windows=measured_windows(ledger.window_rows(ws.spec.name, limit=_SHOWN_WINDOWS), summary, first),
        findings=Privacy(ws.spec).findings(findings),
        summary=summary,
        calls=tuple(ledger.language_model_calls(incident_id=incident_id)),
        audit=(head.sequence, head.hash),
    )


def _compared(ledger: Ledger, proposals: Sequence[Proposal]) -> tuple[Json, ...]:
    shown = (ledger.compared(proposal.hash) for proposal in reversed(proposals))
    return tuple(next((windows for windows in shown if windows), ()))


def _gates(places: Sequence[Json]) -> tuple[GateResult, ...]:
    gates = [from_json(GateResult, place["gate"]) for place in places if isinstance(place.get("gate"), dict)]
    return tuple(result for index, result in enumerate(gates) if result not in gates[:index])


def _moment(decision: Json) -> datetime | None:
    at = decision.get("at")
    return datetime.fromisoformat(at) if isinstance(at, str) else at
