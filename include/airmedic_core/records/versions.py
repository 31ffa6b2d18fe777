"""Model versions against each other: the gate, and the switches of the champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from airmedic_core.records.plain_json import Json


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
