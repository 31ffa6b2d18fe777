"""Both versions are kept loaded: the new one is probed before anybody meets it, and the old one can be back at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from pydantic import BaseModel, ConfigDict, Field

from airmedic_core.errors import ModelError
from airmedic_core.records import Json, Promotion, Proposal
from airmedic_core.rollout import Health, RolloutStrategy, version_of
from airmedic_core.rollout.contract import objections_without_registry
from airmedic_core.spec import ModelSpec
from airmedic_core.traffic import Traffic
from airmedic_core.watch import problems_on_newest, watched
from airmedic_core.watch.in_words import watched_in_service, when_in_service
from airmedic_core.watch.switching import switch_back, switch_to

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class Options(BaseModel):
    """Options of the blue-green rollout."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_probe_seconds: float = Field(default=60.0, gt=0)
    """Sets how long scoring the newest batch may take."""


@final
class BlueGreen(RolloutStrategy[Options]):
    """The new version is loaded and probed beside the champion, then all rows move; the old one stays loaded."""

    options = Options

    def objections(self, spec: ModelSpec, options: Options) -> list[str]:
        """Need a registry that knows both versions."""
        return objections_without_registry(spec)

    def changes(self, proposal: Proposal, options: Options) -> Sequence[str]:
        """Say that all rows move after a probe, and what the watch is."""
        version, before = version_of(proposal), proposal.params["gate"]["champion"]
        return [
            f"Version {version} answers all rows once it was loaded and probed; version {before} is kept loaded.",
            *watched_in_service(proposal),
        ]

    def watched_when(self, proposal: Proposal, options: Options) -> str:
        """Name the probe, and the windows that are watched, if any."""
        return when_in_service(proposal)

    def apply(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> Promotion:
        """Keep both versions loaded, probe the new one, and move all rows."""
        name, champion = ws.spec.name, str(proposal.params["gate"]["champion"])
        ws.registry.begin_trial(name, Traffic("standby", version, champion, proposal.hash, now))
        problems = problems_on_newest(
            ws,
            ws.registry.version(name, version),
            proposal,
            options.max_probe_seconds,
            ws.registry.version(name, champion),
        )
        if problems:
            raise ModelError(f"Version {version} cannot serve: {' '.join(problems)}", "The champion goes on serving.")
        return switch_to(ws, version, proposal, now)

    def verify(self, ws: Workspace, version: str, proposal: Proposal, options: Options) -> list[str]:
        """Check what the alias reads, and that the version before is kept loaded."""
        serving, trial = ws.registry.champion(ws.spec.name).version, ws.registry.trial(ws.spec.name)
        problems = [] if serving == version else [f"The champion reads {serving}."]
        if trial is None or trial.proposal_hash != proposal.hash:
            problems.append("The version before is not kept loaded.")
        return problems

    def health(self, ws: Workspace, proposal: Proposal, options: Options, now: datetime) -> Health:
        """Probe the version on the newest batch, then wait for as many new windows as the spec asks for."""
        return watched(ws, version_of(proposal), proposal, options.max_probe_seconds, now)

    def complete(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> str:
        """Let the version before be unloaded."""
        ws.registry.end_trial(ws.spec.name, proposal.hash)
        return f"Version {version} serves, and the one before need not be kept loaded."

    def undo(
        self, ws: Workspace, version: str, proposal: Proposal, snapshot: Json, options: Options, now: datetime
    ) -> str:
        """Move all rows back, unless somebody has switched since."""
        told = switch_back(ws, version, proposal, snapshot, now)
        ws.registry.end_trial(ws.spec.name, proposal.hash)
        return told
