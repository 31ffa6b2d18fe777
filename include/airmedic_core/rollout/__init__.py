"""Says how a challenger comes into service. Each file of this folder is one strategy, named by ``rollout.strategy``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
    "approved_plan",
    "changes",
    "complete",
    "deploy",
    "health",
    "options_for",
    "plan_of",
    "take_back",
    "verify",
    "version_of",
]

STRATEGIES: Family[RolloutStrategy[Any]] = Family(
    "airmedic_core.rollout", RolloutStrategy, entry_points="airmedic.rollouts"
)
_PLAN = "rollout"
"""Parameter of a deployment: strategy, options and watch as they were approved."""


def deploy(ws: Workspace, proposal: Proposal, *, now: datetime) -> Promotion | None:
    """Put the version of an approved proposal in service, or begin to try it, as the approved strategy does it.

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
    planned, strategy, options = _as_approved(ws, proposal)
    trial = ws.registry.trial(ws.spec.name)
    if trial is not None and trial.proposal_hash != proposal.hash:
        ws.registry.end_standby(ws.spec.name)
    promotion: Promotion | None = strategy.apply(planned, version_of(proposal), proposal, options, now)
    _tell_or_fail(ws)
    return promotion


def verify(ws: Workspace, proposal: Proposal) -> list[str]:
    """Return what is not as the deployment of a proposal was to leave it; nothing if all is well."""
    planned, strategy, options = _as_approved(ws, proposal)
    problems: list[str] = strategy.verify(planned, version_of(proposal), proposal, options)
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
    planned, strategy, options = _as_approved(ws, proposal)
    health: Health = strategy.health(planned, proposal, options, now)
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
    planned, strategy, options = _as_approved(ws, proposal)
    told: str = strategy.advance(planned, version_of(proposal), proposal, options, now)
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
    planned, strategy, options = _as_approved(ws, proposal)
    told: str = strategy.complete(planned, version_of(proposal), proposal, options, now)
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
    planned = _planned(ws, proposal)
    # Whatever the spec lacks since, such as the key of a canary, keeps nobody from going back.
    strategy, options = _strategy(planned.spec)
    told: str = strategy.undo(planned, version_of(proposal), proposal, snapshot, options, now)
    return f"{told} {_told_again(ws)}".strip()


def plan_of(spec: ModelSpec) -> Json:
    """Return how a spec rolls out, as a proposal holds it: strategy, options, watch, length of windows, what is split.

    Raises
    ------
    SpecError
        If an option is wrong, or if the model cannot be rolled out so.
    """
    plan: Json = {
        "strategy": spec.rollout.strategy,
        "options": options_for(spec).model_dump(mode="json"),
        "watch_windows": spec.rollout.watch_windows,
        "watch_timeout_seconds": spec.rollout.watch_timeout_seconds,
        "window": str(spec.window.step),
        "entities": _entities(spec),
    }
    return {_PLAN: plan}


def _entities(spec: ModelSpec) -> str:
    """Return what a column of keys counts, as people say it: ``subscriptions`` for ``subscription_id``."""
    name = spec.entity_column.removesuffix("_id").replace("_", " ")
    return f"{name}s" if name and not spec.is_private(spec.entity_column) else "entities"


def approved_plan(proposal: Proposal) -> Json:
    """Return how a proposal is to be rolled out; nothing where it was made before proposals held that."""
    plan: Json = proposal.params.get(_PLAN) or {}
    return plan


def changes(proposal: Proposal) -> Sequence[str]:
    """Return what follows once a deployment is approved, a sentence each, as its strategy says it."""
    plan = approved_plan(proposal)
    if not plan:
        return ()
    strategy = STRATEGIES.member(plan["strategy"])
    told: Sequence[str] = strategy.changes(proposal, strategy.options.model_validate(plan["options"]))
    return told


def watched_when(proposal: Proposal) -> str:
    """Return when a deployment is taken back without a question, as the end of a sentence; empty where none is held."""
    plan = approved_plan(proposal)
    if not plan:
        return ""
    strategy = STRATEGIES.member(plan["strategy"])
    return str(strategy.watched_when(proposal, strategy.options.model_validate(plan["options"])))


def options_for(spec: ModelSpec) -> Any:
    """Return the validated options of a spec's strategy.

    Raises
    ------
    SpecError
        If one is unknown or wrong, with the closest, or if the model cannot be rolled out so.
    """
    from airmedic_core import targets

    member, options = _strategy(spec)
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


def _as_approved(ws: Workspace, proposal: Proposal) -> tuple[Workspace, RolloutStrategy[Any], Any]:
    planned = _planned(ws, proposal)
    return planned, STRATEGIES.member(planned.spec.rollout.strategy), options_for(planned.spec)


def _planned(ws: Workspace, proposal: Proposal) -> Workspace:
    """Return the workspace with the rollout that was approved, whatever the spec says since."""
    fields = type(ws.spec.rollout).model_fields
    plan = {name: value for name, value in approved_plan(proposal).items() if name in fields}
    rollout = ws.spec.rollout.model_copy(update=plan)
    return replace(ws, spec=ws.spec.model_copy(update={"rollout": rollout}))


def _strategy(spec: ModelSpec) -> tuple[RolloutStrategy[Any], Any]:
    member = STRATEGIES.member(spec.rollout.strategy)
    return member, validated(member.options, spec.rollout.options, f"rollout.options of {spec.name!r}")
