"""Diagnoses: ranked causes, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airmedic_core.causes import Cause, Severity


@dataclass(frozen=True)
class RankedCause:
    """One candidate cause with the evidence for and against it."""

    cause: Cause
    confidence: float
    supporting: tuple[str, ...] = ()
    contradicting: tuple[str, ...] = ()
    explanation: str = ""


@dataclass(frozen=True)
class RecommendedAction:
    """An action that a diagnosis recommends."""

    action: str
    priority: int
    why: str = ""
    condition: str = ""
    """Says when it applies, such as "if the retrained model is refused"; empty for always."""


@dataclass(frozen=True)
class Diagnosis:
    """Ranked causes with their evidence, and what to do."""

    incident_id: str
    engine: str
    """``rules``, or the name of the language model."""
    causes: tuple[RankedCause, ...]
    severity: Severity
    summary: str
    actions: tuple[RecommendedAction, ...]
    packet_hash: str
    runbook: str = ""
    """``file.md#anchor`` of the section to follow."""
    similar_incidents: tuple[str, ...] = ()
    not_knowable: tuple[str, ...] = ()
    status: Literal["verified", "unverified"] = "verified"
    notes: tuple[str, ...] = ()
    """Says what the verifier changed, why the other engine's answer does not stand, …"""
    doubted_by: str = ""
    """The language model whose verified answer names another cause or begins with another action; empty for none."""

    @property
    def cause(self) -> Cause:
        """The first-ranked cause."""
        return self.causes[0].cause if self.causes else Cause.UNKNOWN

    @property
    def confidence(self) -> float:
        """Confidence in the first-ranked cause."""
        return self.causes[0].confidence if self.causes else 0.0
