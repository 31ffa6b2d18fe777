"""Says what a rule or a limit has against an action."""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.records import Json


@dataclass(frozen=True)
class Objection:
    """Why a rule or a limit stops an action."""

    limit: str
    reason: str

    def against(self, action: str) -> Json:
        """Return how the passed-over action is recorded with the decision."""
        return {"action": action, "limit": self.limit, "reason": self.reason}
