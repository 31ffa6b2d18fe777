"""All rows at once: the alias moves, and the version is probed on the newest batch before anybody relies on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from pydantic import BaseModel, ConfigDict, Field

from airmedic_core.records import Json, Promotion, Proposal
from airmedic_core.rollout import Health, RolloutStrategy, version_of
from airmedic_core.watch import watched
from airmedic_core.watch.in_words import watched_in_service, when_in_service
from airmedic_core.watch.switching import switch_back, switch_to

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class Options(BaseModel):
    """Options of the simple rollout."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_probe_seconds: float = Field(default=60.0, gt=0)
    """Sets how long scoring the newest batch may take."""


@final
class Simple(RolloutStrategy[Options]):
    """The alias moves, and the version is probed on the newest batch before anybody relies on it."""

    options = Options

    def changes(self, proposal: Proposal, options: Options) -> Sequence[str]:
        """Say that all rows move at once, and what the watch is."""
        return [f"Version {version_of(proposal)} answers all rows at once.", *watched_in_service(proposal)]

    def watched_when(self, proposal: Proposal, options: Options) -> str:
        """Name the probe, and the windows that are watched, if any."""
        return when_in_service(proposal)

    def apply(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> Promotion:
        """Move the alias ``champion`` to a version."""
        return switch_to(ws, version, proposal, now)

    def verify(self, ws: Workspace, version: str, proposal: Proposal, options: Options) -> list[str]:
        """Check what the alias reads."""
        serving = ws.registry.champion(ws.spec.name).version
        return [] if serving == version else [f"The champion reads {serving}."]

    def health(self, ws: Workspace, proposal: Proposal, options: Options, now: datetime) -> Health:
        """Probe the version on the newest batch, then wait for as many new windows as the spec asks for."""
        return watched(ws, version_of(proposal), proposal, options.max_probe_seconds, now)

    def undo(
        self, ws: Workspace, version: str, proposal: Proposal, snapshot: Json, options: Options, now: datetime
    ) -> str:
        """Move the alias back, unless somebody has switched since."""
        return switch_back(ws, version, proposal, snapshot, now)
