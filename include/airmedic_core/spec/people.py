"""Who is asked and who is told."""

from __future__ import annotations

from pydantic import Field

from airmedic_core.spec.section import Section


class ApprovalSection(Section):
    """How long an approval waits, and for whom."""

    escalate_after_seconds: int = Field(default=300, ge=1)
    """When the second tier is told."""
    expire_after_seconds: int = Field(default=86_400, ge=1)
    """When an unanswered proposal counts as rejected."""
    second_tier: tuple[str, ...] = ()
    """Who is told then: user names or ids of Airflow."""


class NotifySection(Section):
    """Who is told, beside the task log."""

    slack_channel: str = ""
    """Channel to write to, such as ``#models``."""
    slack_connection: str = "slack_default"
    """Airflow connection to write through; without it, the task log is told."""
