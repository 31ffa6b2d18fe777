"""Incidents: one problem of one model each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from airmedic_core.causes import Cause, Severity
from airmedic_core.records.plain_json import Json
from airmedic_core.windows import Window

REQUESTED = "requested"
"""Fingerprint of incidents that a person's request or a review opened: no batch is attached to them."""


CLOSED_BY_HAND = "closed_by_hand"
"""Outcome in the resolution of an incident that a person closed, and no remediation."""


class IncidentState(StrEnum):
    """Lists where an incident stands. The last four are ends."""

    OPEN = "open"
    DIAGNOSED = "diagnosed"
    AWAITING_APPROVAL = "awaiting_approval"
    ACTING = "acting"
    VERIFYING = "verifying"
    RESOLVED = "resolved"
    REJECTED = "rejected"
    UNDONE = "undone"
    ESCALATED = "escalated"


@dataclass(frozen=True)
class Incident:
    """The record of one problem of one model, from opening to resolution."""

    id: str
    model: str
    state: IncidentState
    severity: Severity
    cause: Cause
    headline: str
    fingerprint: str
    window: Window
    """The window in which it was first seen."""
    as_of: datetime
    """The moment from which it is looked at: that of the newest batch it was seen in."""
    batch_ids: tuple[str, ...]
    opened_at: datetime
    closed_at: datetime | None = None
    resolution: Json = field(default_factory=dict)
    mlflow_run_id: str | None = None
