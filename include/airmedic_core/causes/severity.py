"""Says how bad an incident is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Lists how bad an incident is, mildest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def raised(self) -> Severity:
        """The next worse severity; ``critical`` is left to the cause itself and to people."""
        return {Severity.LOW: Severity.MEDIUM, Severity.MEDIUM: Severity.HIGH}.get(self, self)

    @property
    def order(self) -> int:
        """Sorts severities, mildest first."""
        return list(Severity).index(self)
