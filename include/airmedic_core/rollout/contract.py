"""What each rollout strategy offers: apply → verify → health → undo."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from pydantic import BaseModel

from airmedic_core.records import Json, Promotion, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

OptionsT = TypeVar("OptionsT", bound=BaseModel)


@dataclass(frozen=True)
class Health:
    """How a deployment does."""

    status: Literal["healthy", "unhealthy", "waiting", "inconclusive"]
    """``unhealthy`` is undone. ``inconclusive`` asks people: the time is over, and nothing has shown how it does."""
    reasons: tuple[str, ...]
    seconds: float
    """How long the probe took."""


class RolloutStrategy(Protocol[OptionsT]):
    """How a challenger comes into service. A spec names it in ``rollout.strategy``. Everything can be repeated."""

    options: type[OptionsT]
    """Its own options, each documented, with defaults."""

    @abstractmethod
    def apply(self, ws: Workspace, version: str, proposal: Proposal, options: OptionsT, now: datetime) -> Promotion:
        """Move traffic to a version, through ``ws.registry`` only.

        Parameters
        ----------
        ws : Workspace
            The model.
        version : str
            The version that is to serve.
        proposal : Proposal
            The proposal that was approved.
        options : OptionsT
            The strategy's options for the model.
        now : datetime
            The moment of the deployment.
        """

    @abstractmethod
    def verify(self, ws: Workspace, version: str, proposal: Proposal, options: OptionsT) -> list[str]:
        """Return what is not as ``apply`` was to leave it, right after it; nothing if all is well.

        Parameters
        ----------
        ws : Workspace
            The model.
        version : str
            The version that is to serve.
        proposal : Proposal
            The proposal that was approved.
        options : OptionsT
            The strategy's options for the model.
        """

    @abstractmethod
    def health(self, ws: Workspace, proposal: Proposal, options: OptionsT, now: datetime) -> Health:
        """Return how the deployment does. It is asked again while it is waiting, possibly by another process.

        Parameters
        ----------
        ws : Workspace
            The model.
        proposal : Proposal
            The proposal that was approved.
        options : OptionsT
            The strategy's options for the model.
        now : datetime
            The moment of the question.
        """

    @abstractmethod
    def undo(
        self, ws: Workspace, version: str, proposal: Proposal, snapshot: Json, options: OptionsT, now: datetime
    ) -> str:
        """Move traffic back to what the snapshot names as champion, however far ``apply`` came, and return how.

        Parameters
        ----------
        ws : Workspace
            The model.
        version : str
            The version that was deployed.
        proposal : Proposal
            The proposal that was approved.
        snapshot : dict
            How things stood before: ``champion`` names the version that served.
        options : OptionsT
            The strategy's options for the model.
        now : datetime
            The moment of the undoing.
        """
