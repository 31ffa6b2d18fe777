"""What each action offers: plan → precheck → snapshot → dry_run → apply → verify → undo."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from airmedic_core.records import ActionResult, Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class Action(Protocol):
    """One remedy. Its parameters and the effect that it promises are what people approve."""

    description: str
    """What it does, in a sentence."""
    changes_production: bool
    """Whether anything in production is different afterwards."""

    @abstractmethod
    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Return its parameters (plain JSON) and the effect expected of them, in one sentence."""

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Raise if it can no longer be carried out."""

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Return how things stand before, as far as undoing needs it."""
        return {}

    @abstractmethod
    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Return what would happen, in words. Changes nothing."""

    @abstractmethod
    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Do it, and return its output. Done twice it has the effect of once."""

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Return what is not as it should be; nothing if all is well."""
        return []

    @abstractmethod
    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Put things back, and return how."""

    def again(self, ws: Workspace, proposal: Proposal, done: ActionResult, now: datetime) -> ActionResult | None:
        """Return what comes of asking once more for an action that was carried out; nothing where that stands."""
        return None
