"""Describes what each rollout strategy offers: apply → verify → health (→ advance → health …) → complete, or undo."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from pydantic import BaseModel

from airmedic_core.errors import ModelError
from airmedic_core.records import Json, Promotion, Proposal
from airmedic_core.spec import ModelSpec
from airmedic_core.watch import Health

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

OptionsT = TypeVar("OptionsT", bound=BaseModel)


def objections_without_registry(spec: ModelSpec) -> list[str]:
    """Return the objection of a strategy that needs a registry, because two versions of a model are loaded by it."""
    return ["It is in no registry (registry: none)."] if spec.only_logged else []


class RolloutStrategy(Protocol[OptionsT]):
    """Says how a challenger comes into service. A spec names it in ``rollout.strategy``. Everything can be repeated."""

    options: type[OptionsT]
    """Its own options, each documented, with defaults."""

    def objections(self, spec: ModelSpec, options: OptionsT) -> list[str]:
        """Return what keeps a model from being rolled out so, such as a key that its spec lacks.

        Parameters
        ----------
        spec : ModelSpec
            The model.
        options : OptionsT
            The strategy's options for the model.
        """
        return []

    def changes(self, proposal: Proposal, options: OptionsT) -> Sequence[str]:
        """Return what an approval lets happen, a sentence each: who answers when, what completes it and takes it back.

        Parameters
        ----------
        proposal : Proposal
            The deployment. Its parameters hold both versions, and the watch under ``rollout``.
        options : OptionsT
            The strategy's options, as they are approved.
        """
        return ()

    def watched_when(self, proposal: Proposal, options: OptionsT) -> str:
        """Return when a version that does badly is taken back without a question, as the end of a sentence.

        Parameters
        ----------
        proposal : Proposal
            The deployment.
        options : OptionsT
            The strategy's options, as they are approved.
        """
        return "while it is watched"

    @abstractmethod
    def apply(
        self, ws: Workspace, version: str, proposal: Proposal, options: OptionsT, now: datetime
    ) -> Promotion | None:
        """Move traffic to a version, through ``ws.registry`` only.

        A strategy that tries the version first returns nothing: the champion stays the champion until ``complete``.

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

    def advance(self, ws: Workspace, version: str, proposal: Proposal, options: OptionsT, now: datetime) -> str:
        """Take the step that ``health`` has just said is earned, and return what it was.

        Asked a second time, after another process has taken the step, it takes no further one.

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
            The moment of the step.
        """
        raise ModelError("This rollout strategy takes no steps.", "Look at the health that it reports.")

    def complete(self, ws: Workspace, version: str, proposal: Proposal, options: OptionsT, now: datetime) -> str:
        """Do what is left to do once the deployment has proved itself, and return how things stand.

        Afterwards the version is the champion, by a promotion under the proposal's hash.

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
            The moment.
        """
        return f"Version {version} serves."

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
