"""Model versions against each other: the gate, and the switches of the champion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from airmedic_core.records.plain_json import Json

AIRMEDIC = "airmedic"
"""The name under which Airmedic takes a switch back, of which no person was asked."""


@dataclass(frozen=True)
class GateResult:
    """Says whether a challenger may replace the champion, and why."""

    outcome: Literal["passed", "refused", "inconclusive", "not_comparable"]
    metric: str
    reasons: tuple[str, ...]
    champion: str = ""
    challenger: str = ""
    champion_value: float | None = None
    challenger_value: float | None = None
    difference: float | None = None
    """Challenger minus champion, signed so that positive is better."""
    low: float | None = None
    high: float | None = None
    margin: float | None = None
    rows: int = 0
    blocks: int = 0
    segments: tuple[Json, ...] = ()


@dataclass(frozen=True)
class Promotion:
    """One switch of the alias ``champion``."""

    model: str
    from_version: str | None
    to_version: str
    kind: Literal["adopt", "deploy", "rollback", "manual"]
    at: datetime
    by: str
    proposal_hash: str | None = None
    seconds: float | None = None

    @property
    def brings_another(self) -> bool:
        """Whether a new version has taken the place of another one."""
        return self.kind == "deploy" and self.from_version is not None


def taking_back(switches: Iterable[Promotion]) -> set[Promotion]:
    """Return the switches that took another one back: they stand under its proposal, and are of another kind.

    Parameters
    ----------
    switches : iterable of Promotion
        Of one model, oldest first.

    Examples
    --------
    >>> at = datetime(2026, 1, 1)
    >>> deployed = Promotion("churn", "1", "2", "deploy", at, "anna", "a1")
    >>> undone = Promotion("churn", "2", "1", "rollback", at, "airmedic", "a1")
    >>> taking_back([deployed, undone]) == {undone}
    True
    """
    first_kinds: dict[str, str] = {}
    own = [switch for switch in switches if switch.proposal_hash]
    return {switch for switch in own if first_kinds.setdefault(switch.proposal_hash or "", switch.kind) != switch.kind}
