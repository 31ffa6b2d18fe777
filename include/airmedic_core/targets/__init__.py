"""Says where a model serves online. Each file of this folder is one kind of target, named by ``rollout.target``.

The registry says which version is to serve. A target is told after each change of it, and is told the whole state, so
that telling it again changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airmedic_core.errors import SpecError, TargetError
from airmedic_core.family import Family
from airmedic_core.spec import ModelSpec, validated
from airmedic_core.targets.contract import Shown, Target

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

__all__ = ["TARGETS", "Shown", "Target", "check_lags", "differences", "objections", "require_ready", "tell"]

TARGETS: Family[Target[Any]] = Family("airmedic_core.targets", Target)


def tell(ws: Workspace) -> None:
    """Tell the target of a model what the registry says, and look whether it does so.

    Raises
    ------
    TargetUnavailableError
        If it does not answer in time. A retry helps once it does.
    TargetError
        If it refuses, or does something else. A retry does not help.
    """
    target, options = _target(ws.spec)
    if not target.is_told:
        return
    shown = _shown(ws)
    target.apply(shown, options)
    if problems := target.verify(shown, options):
        told = f"The target {ws.spec.rollout.target!r} of {ws.spec.name!r} does not do what it was told: "
        raise TargetError(told + " ".join(problems), "Look at what it answers.")


def differences(ws: Workspace) -> list[str]:
    """Return what the target of a model does otherwise than the registry says. Raises as :func:`tell` does."""
    target, options = _target(ws.spec)
    return target.verify(_shown(ws), options) if target.is_told else []


def require_ready(ws: Workspace) -> None:
    """Check that the target can be told something, before anything is changed. Raises as :func:`tell` does."""
    target, options = _target(ws.spec)
    if target.is_told:
        target.require_ready(_shown(ws), options)


def objections(spec: ModelSpec) -> list[str]:
    """Return what is wrong with a spec's target; nothing if all is well."""
    try:
        target, _ = _target(spec)
    except SpecError as error:
        return [str(error)]
    return ["It is in no registry, so no target can be told."] if target.is_told and spec.only_logged else []


def check_lags(spec: ModelSpec) -> None:
    """Check, before anybody is asked, that lags are not asked for where a target answers rows one by one.

    Raises
    ------
    TrainingError
        If they are. A retry does not help.
    """
    from airmedic_core.training.by_window import refuse_lags

    target = spec.rollout.target
    if spec.retrain.features and TARGETS.member(target).is_told:
        refuse_lags(spec, f"rollout.target is {target!r}")


def _target(spec: ModelSpec) -> tuple[Target[Any], Any]:
    target = TARGETS.member(spec.rollout.target)
    return target, validated(target.options, spec.rollout.target_options, f"rollout.target_options of {spec.name!r}")


def _shown(ws: Workspace) -> Shown:
    serving = ws.registry.serving(ws.spec.name)
    if serving.champion is None:
        raise TargetError(f"No version of {ws.spec.name!r} serves.", f"airmedic adopt --model {ws.spec.name}")
    trial = serving.trial
    if trial is None or trial.kind != "split" or trial.champion != serving.champion:
        return Shown(ws.spec.name, serving.champion)
    return Shown(ws.spec.name, serving.champion, trial.version, trial.fraction)
