"""How a challenger comes into service. Each file of this folder is one strategy, named by ``rollout.strategy``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import ModelError, SpecError, TargetError, TargetUnavailableError
from airmedic_core.family import Family
from airmedic_core.records import Json, Promotion, Proposal
from airmedic_core.rollout.contract import RolloutStrategy
from airmedic_core.spec import ModelSpec, validated
from airmedic_core.watch import Health

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

__all__ = [
    "STRATEGIES",
    "Health",
    "RolloutStrategy",
    "advance",
    "complete",
    "deploy",
    "health",
    "options_for",
    "take_back",
    "verify",
    "version_of",
]

STRATEGIES: Family[RolloutStrategy[Any]] = Family(
    "airmedic_core.rollout", RolloutStrategy, entry_points="airmedic.rollouts"
)


def deploy(ws: Workspace, proposal: Proposal, *, now: datetime) -> Promotion | None:
    """Put the version of an approved proposal in service, or begin to try it, as the spec's strategy does it.

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
    promotion: Promotion | None = strategy.apply(ws, version_of(proposal), proposal, options, now)
    _tell_or_fail(ws)
    return promotion


def verify(ws: Workspace, proposal: Proposal) -> list[str]:
    """Return what is not as the deployment of a proposal was to leave it; nothing if all is well."""
    strategy, options = _strategy(ws.spec)
    problems: list[str] = strategy.verify(ws, version_of(proposal), proposal, options)
    return problems


def health(ws: Workspace, proposal: Proposal, *, now: datetime) -> Health:
    """Return how the deployment of a proposal does. Ask again while it is ``waiting``.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        What was deployed.
    now : datetime
        The moment of the question.
    """
    strategy, options = _strategy(ws.spec)
    health: Health = strategy.health(ws, proposal, options, now)
    return health


def advance(ws: Workspace, proposal: Proposal, *, now: datetime) -> str:
    """Take the next step of a deployment, and return what it was.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        What was deployed, and has earned its next step.
    now : datetime
        The moment.
    """
    strategy, options = _strategy(ws.spec)
    told: str = strategy.advance(ws, version_of(proposal), proposal, options, now)
    _tell_or_fail(ws)
    return told


def complete(ws: Workspace, proposal: Proposal, *, now: datetime) -> str:
    """Do what is left to do of a deployment that has proved itself, and return how things stand.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        What was deployed, and is healthy.
    now : datetime
        The moment.
    """
    strategy, options = _strategy(ws.spec)
    told: str = strategy.complete(ws, version_of(proposal), proposal, options, now)
    _tell_or_fail(ws)
    return told


def take_back(ws: Workspace, proposal: Proposal, snapshot: Json, *, now: datetime) -> str:
    """Undo the deployment of a proposal, and return how.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        What was deployed.
    snapshot : Json
        How things stood before: ``champion`` names the version that served.
    now : datetime
        The moment.
    """
    strategy, options = _strategy(ws.spec)
    told: str = strategy.undo(ws, version_of(proposal), proposal, snapshot, options, now)
    return f"{told} {_told_again(ws)}".strip()


def options_for(spec: ModelSpec) -> Any:
    """Return the validated options of a spec's strategy.

    Raises
    ------
    SpecError
        If one is unknown or wrong, with the closest, or if the model cannot be rolled out so.
    """
    from airmedic_core import targets

    member = STRATEGIES.member(spec.rollout.strategy)
    options = validated(member.options, spec.rollout.options, f"rollout.options of {spec.name!r}")
    if objections := [*member.objections(spec, options), *targets.objections(spec)]:
        raise SpecError(
            f"{spec.name!r} cannot have the rollout {spec.rollout.strategy!r}: {' '.join(objections)}",
            "Mend the spec, or choose another strategy under rollout.",
        )
    return options


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


def _tell_or_fail(ws: Workspace) -> None:
    """Tell the target. One that does not answer is not waited for: what was begun is taken back."""
    from airmedic_core.targets import tell

    try:
        tell(ws)
    except TargetUnavailableError as error:
        raise TargetError(error.problem, error.hint) from error


def _told_again(ws: Workspace) -> str:
    """Tell the target that all is as before, and return what keeps it from that; a retry is left to the caller."""
    from airmedic_core.targets import tell

    try:
        tell(ws)
    except TargetUnavailableError:
        raise
    except TargetError as error:
        return f"The target has to be looked at. {error}"
    return ""


def _strategy(spec: ModelSpec) -> tuple[RolloutStrategy[Any], Any]:
    return STRATEGIES.member(spec.rollout.strategy), options_for(spec)
