"""The people who are asked, and those who are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from airmedic_core.family import listing
from airmedic_core.spec.members import NOTIFIERS_LIE_IN
from airmedic_core.spec.section import Section


class ApprovalSection(Section):
    """Says how long an approval waits, and for whom."""

    escalate_after_seconds: int = Field(default=300, ge=1)
    """Sets when the second tier is told."""
    expire_after_seconds: int = Field(default=86_400, ge=1)
    """Sets when an unanswered proposal counts as rejected."""
    second_tier: tuple[str, ...] = ()
    """The people who are told then: user names or ids of Airflow, or groups."""


def notify_in_full(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a spec says under ``notify`` with its short forms written out.

    The short form of ``slack: {channel: "#models"}`` is ``slack_channel: "#models"``, and so on for each notifier.
    """
    known = listing(*NOTIFIERS_LIE_IN)
    full: dict[str, Any] = {}
    for key, value in raw.items():
        notifier = next((name for name in known if str(key).startswith(f"{name}_")), None)
        if key in known or notifier is None:
            full[key] = {**full.get(key, {}), **value} if isinstance(value, Mapping) else {} if value is True else value
        else:
            full[notifier] = {**full.get(notifier, {}), str(key).removeprefix(f"{notifier}_"): value}
    return full
