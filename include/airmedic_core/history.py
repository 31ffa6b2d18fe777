"""Says what the ledger holds of an incident's remedy, and the outcome that is read from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError
from airmedic_core.records import TAKES_BACK, Approval, Incident, IncidentState, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace

ASKED_VERSION = "asked_version"
"""Key in an incident's resolution: the version that a person wants to go back to."""
OVERRIDE = "override"
"""Key in an incident's resolution, and parameter of a proposal: who overrides what speaks against the action, and
why."""
MARGIN = "margin"
"""Parameter of a training: the gate's margin for what it trains, unless the spec has become stricter since."""
INCONCLUSIVE = "inconclusive"
"""Key in the details of a decision about an action: the time is over, and nothing has shown how it does."""


@dataclass(frozen=True)
class Outcome:
    """Says how an incident ends, and what was verified of it."""

    state: IncidentState
    outcome: str
    """``healed``, ``rolled_back``, ``contained``, ``repaired``, ``changed``; ``refused``, ``failed``, ``undone``,
    ``inconclusive``, ``worse``, ``rejected``, ``snoozed``, ``unanswered``, ``stopped``, ``escalated``, ``handed_over``,
    ``recommended``, ``diagnosed``, ``dry_run``, ``undecided``. The module ``healed`` says which of them count as
    healed."""
    summary: str
    proposal: Proposal | None = None
    """The proposal that decided it."""
    done: RecordedAction | None = None
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True)
class History:
    """Everything the ledger holds of one incident's remedy."""

    ws: Workspace
    incident: Incident
    decisions: Sequence[Json]
    proposals: Sequence[Proposal]
    actions: Sequence[RecordedAction]
    now: datetime

    @classmethod
    def of(cls, ws: Workspace, incident: Incident, *, now: datetime) -> History:
        """Read the history of an incident.

        Parameters
        ----------
        ws : Workspace
            The model.
        incident : Incident
            The incident.
        now : datetime
            The moment of the decision.
        """
        ledger = ws.ledger
        actions = ledger.actions(incident_id=incident.id)
        return cls(ws, incident, ledger.decisions(incident.id), ledger.proposals(incident.id), actions, now)

    def is_narrowed(self, proposal: Proposal) -> bool:
        """Return whether an approver has narrowed a proposal to another one, which stands in its place."""
        return any(narrower.parent == proposal.hash for narrower in self.proposals)

    def answers(self, proposal: Proposal) -> list[Approval]:
        """Return the answers to a proposal that count."""
        return [answer for answer in self.ws.ledger.approvals(proposal.hash) if not answer.refused_because]

    def proposal_of(self, done: RecordedAction) -> Proposal | None:
        """Return what an action carried out."""
        return next((proposal for proposal in self.proposals if proposal.hash == done.proposal_hash), None)

    def questions_about(self, done: RecordedAction) -> list[Proposal]:
        """Return the proposals to take an action back, or to complete it, because nothing has shown how it does."""
        return [proposal for proposal in self.proposals if proposal.params.get(TAKES_BACK) == done.proposal_hash]

    def inconclusive(self, done: RecordedAction) -> str:
        """Return why nothing has shown how an action does; nothing where its watch came to an end."""
        for decision in self.decisions:
            if decision["proposal_hash"] == done.proposal_hash and decision["details"].get(INCONCLUSIVE):
                return str(decision["reason"])
        return ""

    def gate(self, done: RecordedAction) -> Json:
        """Return the gate's result that belongs to an action: a deployment brings its own, a training was judged."""
        judged = [decision["details"] for decision in self.decisions if decision["proposal_hash"] == done.proposal_hash]
        proposal = self.proposal_of(done)
        places = [*judged, done.output, proposal.params if proposal else {}]
        gates = [place["gate"] for place in places if isinstance(place.get("gate"), dict)]
        return gates[-1] if gates else {}


def measured(ws: Workspace, incident: Incident, version: str | None) -> float | None:
    """Return the deciding metric of a version on the newest batch of an incident; nothing where it cannot be known.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident, for its newest batch.
    version : str or None
        The version to measure; nothing is known of none.
    """
    from airmedic_core.metrics import metric
    from airmedic_core.repair import read_as_repaired
    from airmedic_core.scoring import score

    if version is None:
        return None
    seen = ws.ledger.batches(ws.spec.name)
    batch = next((observed.batch for observed in seen if observed.batch.id in incident.batch_ids), None)
    try:
        frame = read_as_repaired(ws, batch.window if batch else incident.window)
        scored = score(ws, ws.registry.version(ws.spec.name, version), frame, batch)
        value = metric(ws.spec.metric, ws.spec.task)(scored.labels[scored.known], scored.scores[scored.known])
    except AirmedicError:
        return None
    return value if math.isfinite(value) else None
