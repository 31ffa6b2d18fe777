"""The versions of a model: when and why they came and went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.read_model.plain import moment, rounded
from airmedic_core.records import GateResult, Json, Promotion, Proposal
from airmedic_core.records.versions import taking_back
from airmedic_core.registry.departures import departures
from airmedic_core.reports.gate_words import USUAL_CONFIDENCE, gained
from airmedic_core.reports.switches import CameToServe

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger


def promotions_of(ledger: Ledger, promotions: Sequence[Promotion], confidence: float = USUAL_CONFIDENCE) -> list[Json]:
    """Return the switches of a model's champion, newest first.

    Parameters
    ----------
    ledger : Ledger
        Knows who approved them.
    promotions : sequence of Promotion
        Newest first.
    confidence : float
        Of the interval in which a gate knows how two versions differ.
    """
    left, undoing = departures(promotions), taking_back(reversed(promotions))
    hashes = [promotion.proposal_hash for promotion in promotions if promotion.proposal_hash]
    approvers, proposals = ledger.approvers_of(hashes), ledger.proposals_of(hashes)
    lines: list[Json] = []
    for promotion in promotions:
        departure = left.get(promotion.to_version)
        people = approvers.get(promotion.proposal_hash or "", ())
        came = CameToServe(promotion.kind, promotion.by, tuple(people), promotion in undoing)
        lines.append(
            {
                "version": promotion.to_version,
                "from_version": promotion.from_version,
                "kind": promotion.kind,
                "at": moment(promotion.at),
                "by": promotion.by,
                "by_words": came.told,
                "credited": came.people,
                "approved_by": "" if came.takes_back else ", ".join(people),
                "gate": _gate(proposals.get(promotion.proposal_hash or ""), promotion, confidence),
                "departed": str(departure) if departure and departure.at >= promotion.at else "",
            }
        )
    return lines


def _gate(proposal: Proposal | None, promotion: Promotion, confidence: float) -> Json | None:
    """Return what the gate measured of a version and of the one before it, on the same rows."""
    # A ledger of an earlier version may hold a switch without its proposal.
    params = proposal.params if proposal else {}
    gate = params.get("gate")
    # The switch that takes a version back stands under the same proposal, and leads to another version.
    if not isinstance(gate, dict) or str(params.get("version")) != promotion.to_version:
        return None
    numbers = {name: rounded(gate.get(name)) for name in ("champion_value", "challenger_value")}
    metric, rows = str(gate.get("metric")), int(gate.get("rows") or 0)
    difference, low, high = (gate.get(name) for name in ("difference", "low", "high"))
    result = GateResult("passed", metric, (), difference=difference, low=low, high=high, rows=rows)
    return {"metric": metric, "rows": rows, **numbers, "gained_words": gained(result, confidence)}
