"""The versions of a model: when and why they came and went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airmedic_core.read_model.plain import moment
from airmedic_core.records import Json, Promotion
from airmedic_core.registry.departures import departures

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger

_KINDS = {
    "adopt": "adopted by {by}",
    "deploy": "deployed by {by}",
    "rollback": "returned to by {by}",
    "manual": "switched by hand, noticed by {by}",
}


def promotions_of(ledger: Ledger, promotions: Sequence[Promotion]) -> list[Json]:
    """Return the switches of a model's champion, newest first.

    Parameters
    ----------
    ledger : Ledger
        Knows who approved them.
    promotions : sequence of Promotion
        Newest first.
    """
    left = departures(promotions)
    approvers = ledger.approvers_of([promotion.proposal_hash for promotion in promotions if promotion.proposal_hash])
    lines: list[Json] = []
    for promotion in promotions:
        departure = left.get(promotion.to_version)
        approved = ", ".join(approvers.get(promotion.proposal_hash or "", ()))
        by_words = _KINDS[promotion.kind].format(by=promotion.by)
        lines.append(
            {
                "version": promotion.to_version,
                "from_version": promotion.from_version,
                "kind": promotion.kind,
                "at": moment(promotion.at),
                "by": promotion.by,
                "by_words": f"{by_words}, approved by {approved}" if approved else by_words,
                "departed": str(departure) if departure and departure.at >= promotion.at else "",
            }
        )
    return lines
