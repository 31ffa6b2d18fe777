"""All rows at once, and no watch: for models whose mistakes cost little."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, final

from pydantic import BaseModel, ConfigDict

from airmedic_core.records import Json, Promotion, Proposal
from airmedic_core.rollout import Health, RolloutStrategy, version_of

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class Options(BaseModel):
    """There are none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@final
class AtOnce(RolloutStrategy[Options]):
    """The alias moves, and whatever it reads is healthy."""

    options = Options

    def apply(self, ws: Workspace, version: str, proposal: Proposal, options: Options, now: datetime) -> Promotion:
        """Move the alias to the version."""
        return ws.registry.switch(
            ws.spec.name,
            version,
            kind="deploy",
            by=ws.ledger.approved_by(proposal.hash),
            expected=(str(proposal.params["gate"]["champion"]),),
            proposal_hash=proposal.hash,
            now=now,
        )

    def verify(self, ws: Workspace, version: str, proposal: Proposal, options: Options) -> list[str]:
        """Read the alias again."""
        serving = ws.registry.champion(ws.spec.name).version
        return [] if serving == version else [f"Version {serving} serves."]

    def health(self, ws: Workspace, proposal: Proposal, options: Options, now: datetime) -> Health:
        """Call a version healthy that serves."""
        problems = self.verify(ws, version_of(proposal), proposal, options)
        if problems:
            return Health("unhealthy", tuple(problems), 0.0)
        return Health("healthy", ("It serves.",), 0.0)

    def undo(
        self, ws: Workspace, version: str, proposal: Proposal, snapshot: Json, options: Options, now: datetime
    ) -> str:
        """Move the alias back, unless somebody has moved it since."""
        return ws.registry.switch_back(
            ws.spec.name,
            str(snapshot["champion"]),
            kind="rollback",
            expected=version,
            proposal_hash=proposal.hash,
            now=now,
        )
