"""How a challenger comes into service.

Each file of this folder is one strategy, named in a spec by ``rollout.strategy``. A strategy offers ``Options`` (a
pydantic model of its own options), ``deploy(ws, version, proposal, options, now)`` and
``health(ws, proposal, options, now)``. Both can be repeated.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from airmedic_core.errors import ModelError, SpecError
from airmedic_core.family import Family
from airmedic_core.records import Promotion, Proposal
from airmedic_core.spec import ModelSpec, explain

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

OptionsT = TypeVar("OptionsT", bound=BaseModel)


@dataclass(frozen=True)
class Health:
    """How a deployment does."""

    status: Literal["healthy", "unhealthy", "waiting"]
    reasons: tuple[str, ...]
    seconds: float
    """How long the probe took."""


class RolloutStrategy(Protocol[OptionsT]):
    """How a challenger comes into service. A spec names it in ``rollout.strategy``. Everything can be repeated."""

    options: type[OptionsT]
    """Its own options, each documented, with defaults."""

    @abstractmethod
    def deploy(self, ws: Workspace, version: str, proposal: Proposal, options: OptionsT, now: datetime) -> Promotion:
        """Move traffic to a version, through ``ws.registry`` only."""

    @abstractmethod
    def health(self, ws: Workspace, proposal: Proposal, options: OptionsT, now: datetime) -> Health:
        """Return how the deployment does. It is asked again while it is waiting, possibly by another process."""


STRATEGIES: Family[RolloutStrategy[Any]] = Family(
    "airmedic_core.rollout", RolloutStrategy, entry_points="airmedic.rollouts"
)


def deploy(ws: Workspace, proposal: Proposal, *, now: datetime) -> Promotion:
    """Put the version of an approved proposal in service, as the spec's strategy does it.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        With the version in its parameters.
    now : datetime
        The moment of the promotion.

    Raises
    ------
    ModelError
        If the version does not exist or cannot be put in service.
    """
    strategy, options = _strategy(ws.spec)
    promotion: Promotion = strategy.deploy(ws, version_of(proposal), proposal, options, now)
    return promotion


def health(ws: Workspace, proposal: Proposal, *, now: datetime) -> Health:
    """Return how the deployment of a proposal does. Ask again while it is ``waiting``."""
    strategy, options = _strategy(ws.spec)
    found: Health = strategy.health(ws, proposal, options, now)
    return found


def options_for(spec: ModelSpec) -> Any:
    """Return the validated options of a spec's strategy.

    Raises
    ------
    SpecError
        If one is unknown or wrong. The message names the closest.
    """
    member = STRATEGIES.member(spec.rollout.strategy)
    try:
        return member.options.model_validate(dict(spec.rollout.options))
    except ValidationError as error:
        lines = "\n".join(explain(error, member.options))
        raise SpecError(f"rollout.options of {spec.name!r} are not valid:\n{lines}") from error


def version_of(proposal: Proposal) -> str:
    """Return the version that a proposal is to deploy.

    Raises
    ------
    ModelError
        If it names none.
    """
    version = proposal.params.get("version")
    if not version:
        raise ModelError("The proposal names no version to deploy.", "Propose it again.")
    return str(version)


def _strategy(spec: ModelSpec) -> tuple[RolloutStrategy[Any], Any]:
    return STRATEGIES.member(spec.rollout.strategy), options_for(spec)
