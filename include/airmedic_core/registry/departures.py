"""Says how versions left service, as the promotions tell it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from airmedic_core.records import Promotion

CLEARLY_WORSE = "clearly_worse"
"""Parameter of a rollback: its target was measured clearly worse, and somebody wanted it all the same."""


class How(StrEnum):
    """Lists how a version left service."""

    REPLACED = "was replaced"
    ROLLED_BACK = "was rolled back"
    FAILED_ITS_WATCH = "failed its watch"
    DID_NOT_VERIFY = "did not verify after a rollback"


@dataclass(frozen=True)
class Departure:
    """Says when and how a version last left service."""

    version: str
    how: How
    at: datetime
    followed_by: str
    """The version that served in its place."""

    @property
    def bad(self) -> bool:
        """Say whether it left because it was found to be bad. Nobody goes back to it without saying why."""
        return self.how is not How.REPLACED

    def __str__(self) -> str:
        return f"version {self.version} {self.how.value} on {self.at:%Y-%m-%d %H:%M} UTC, by version {self.followed_by}"


def departures(promotions: Sequence[Promotion], *, in_spite_of: Collection[str] = frozenset()) -> dict[str, Departure]:
    """Return the last departure of each version that served and serves no more.

    Parameters
    ----------
    promotions : sequence of Promotion
        Of one model, newest first, as the ledger returns them.
    in_spite_of : collection of str
        Hashes of the rollbacks to a version that was measured clearly worse than the one that served: somebody wanted
        them all the same, and the better one left without a fault.
    """
    left: dict[str, Departure] = {}
    first_kinds: dict[str, str] = {}
    for promotion in reversed(promotions):
        before = promotion.from_version
        if before is not None and before != promotion.to_version:
            how = _how(promotion, first_kinds.get(promotion.proposal_hash or ""))
            if how is How.ROLLED_BACK and promotion.proposal_hash in in_spite_of:
                how = How.REPLACED
            left[before] = Departure(before, how, promotion.at, promotion.to_version)
        left.pop(promotion.to_version, None)
        if promotion.proposal_hash:
            first_kinds.setdefault(promotion.proposal_hash, promotion.kind)
    return left


def _how(promotion: Promotion, first_kind: str | None) -> How:
    # A second switch under the hash of one proposal undoes the first.
    if (first_kind, promotion.kind) == ("deploy", "rollback"):
        return How.FAILED_ITS_WATCH
    if (first_kind, promotion.kind) == ("rollback", "deploy"):
        return How.DID_NOT_VERIFY
    return How.ROLLED_BACK if promotion.kind == "rollback" else How.REPLACED
