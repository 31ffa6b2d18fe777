"""The version scores beside the champion, whose answers alone are used, until it has shown that it loses no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

import numpy as np

from airmedic_core.records import Json, Proposal
from airmedic_core.rollout import Health, RolloutStrategy, version_of
from airmedic_core.rollout.contract import objections_without_registry
from airmedic_core.spec import ModelSpec
from airmedic_core.traffic import Traffic
from airmedic_core.watch import trial
from airmedic_core.watch.in_words import end_of_trial, shown_in_trial
from airmedic_core.watch.trial import TrialOptions

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class Options(TrialOptions):
    """Options of the shadow rollout."""


@final
class Shadow(RolloutStrategy[Options]):
    """The version scores all rows beside the champion, and nobody meets its answers until it has proved itself."""

    options = Options

    def objections(self, spec: ModelSpec, options: Options) -> list[str]:
        """Need a registry that knows both versions."""
        return objections_without_registry(spec)

    def changes(self, proposal: Proposal, options: Options) -> Sequence[str]:
        """Say that nobody meets the version at first."""
        version, before = version_of(proposal), proposal.params["gate"]["champion"]
        return [
            f"Version {version} scores all rows beside version {before}, whose answers alone count.",
            f"It then answers all rows, without a further question, {shown_in_trial(proposal, options)}",
            *end_of_trial(proposal, options, "It scores no more"),
        ]

    def apply(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> None:
        """Let the version score beside the champion."""
        champion = str(proposal.params["gate"]["champion"])
        begun = ws.registry.trial(ws.spec.name)
        if begun is None or begun.proposal_hash != proposal.hash:
            after = trial.known_until(ws, proposal)
            trial.begin(ws, Traffic("mirror", version, champion, proposal.hash, now, after=after), proposal, options)

    def verify(self, ws: Workspace, version: str, proposal: Proposal, options: Options) -> list[str]:
        """Check that it is tried, and that the champion still serves."""
        return trial.not_begun(ws, version, proposal)

    def health(self, ws: Workspace, proposal: Proposal, options: Options, now: datetime) -> Health:
        """Compare both versions on all rows of the new windows."""
        return trial.judged(
            ws,
            version_of(proposal),
            proposal,
            options,
            now,
            picked=lambda _: lambda frame, _: np.ones(len(frame), dtype=bool),
            earned=lambda _, __: "",
        )

    def complete(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> str:
        """Let the version answer all rows."""
        return trial.put_in_service(ws, version, proposal, now)

    def undo(
        self, ws: Workspace, version: str, proposal: Proposal, snapshot: Json, options: Options, now: datetime
    ) -> str:
        """End the trial."""
        return trial.ended(ws, version, proposal, snapshot, now)
