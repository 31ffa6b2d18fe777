"""An action as a package would add it, which needs no model."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airmedic_core.actions import Action
from airmedic_core.records import Json


class ChangeWheel(Action):
    """Changes a wheel."""

    description = "Changes a wheel."
    changes_production = True
    choice = "Change a wheel"

    def plan(self, ws: Any, incident: Any, diagnosis: Any) -> tuple[Json, str]:
        """Name the wheel."""
        return {"wheel": "left"}, "It runs smoothly."

    def dry_run(self, ws: Any, params: Json) -> str:
        """Say what would happen."""
        return "The wheel would be changed."

    def apply(self, ws: Any, proposal: Any, now: datetime) -> Json:
        """Change it."""
        return {"summary": "The wheel is changed."}

    def undo(self, ws: Any, proposal: Any, snapshot: Json, now: datetime) -> str:
        """Put the old one back."""
        return "The old wheel is back."
