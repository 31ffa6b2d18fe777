"""Evidence: what a diagnosis may cite."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from airmedic_core.causes import Cause
from airmedic_core.records.findings import Role, Verdict
from airmedic_core.records.plain_json import Json, digest, to_json


@dataclass(frozen=True)
class Evidence:
    """An immutable finding or fact that a diagnosis may cite."""

    id: str
    """``E1``, ``E2``, … within its packet."""
    kind: str
    collector: str
    subject: str
    statement: str
    """The fact in words, made by code."""
    value: float | None = None
    baseline: float | None = None
    limit: float | None = None
    effect: float | None = None
    direction: Literal["up", "down", "changed", "same", ""] = ""
    unit: str = ""
    sample_size: int | None = None
    window: str = ""
    source: str = ""
    trust: Literal["measured", "recorded", "written"] = "measured"
    """``measured`` by code, ``recorded`` by a system, ``written`` by people (runbooks, notes)."""
    suggests: tuple[Cause, ...] = ()
    verdict: Verdict = Verdict.OK
    details: Json = field(default_factory=dict)
    """For evidence from a finding: its own details, with its check, statistic, role, p-value and what explains it."""

    @property
    def role(self) -> Role:
        """Return what the finding behind it is evidence of; ``information`` for facts."""
        return Role(self.details.get("role", Role.INFORMATION))

    @property
    def explained_by(self) -> tuple[Cause, ...]:
        """Causes of which the finding behind it is only a symptom."""
        return tuple(Cause(name) for name in self.details.get("explained_by", ()))

    @property
    def p_value(self) -> float | None:
        """Return how likely the finding behind it is by chance."""
        value = self.details.get("p_value")
        return value if isinstance(value, int | float) else None


@dataclass(frozen=True)
class EvidencePacket:
    """Everything a diagnosis may rest on, with what could not be collected."""

    incident_id: str
    model: str
    items: tuple[Evidence, ...]
    gaps: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 of the packet's canonical JSON."""
        return digest(to_json(self))
