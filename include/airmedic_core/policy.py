"""The policy: which action needs whose permission, in which environment, for causes verified or not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from airmedic_core.bounded_yaml import read_yaml
from airmedic_core.errors import SpecError, closest
from airmedic_core.family import listing
from airmedic_core.groups import GROUPS, PREFIX
from airmedic_core.records import Permission, digest
from airmedic_core.spec import Section, explain
from airmedic_core.windows import as_utc
from airmedic_core.workspace import of_policy

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

Verification = Literal["verified", "unverified"]
VERIFICATIONS: tuple[Verification, ...] = get_args(Verification)

Trigger = Literal["incident", "request", "review", "quiet"]
"""Whoever calls for an action: an incident of monitoring, a person, a review, or an incident that has gone quiet."""
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)

Autonomy = Literal["observe", "recommend", "ask", "auto"]
"""Says how far Airmedic goes by itself at the most, least first."""

_MOST: dict[str, Permission] = {
    "observe": Permission.DENY,
    "recommend": Permission.RECOMMEND,
    "ask": Permission.ASK,
    "auto": Permission.AUTO,
}
_UNLESS_SAID: dict[Trigger, Autonomy] = {"quiet": "ask"}
"""Autonomy of triggers that a policy says nothing of, where it is not ``auto``."""
_STRICTEST_FIRST = tuple(Permission)

SIMULATION = "simulation"
"""The environment in which one person may play all parts."""

_LIMITS = "policy.limits."

ANY = "*"
"""Fits every environment."""

MAKE_POLICIES = "Make it with 'airmedic init-project', or set AIRMEDIC_CONTENT to the folder that holds policies/."
"""Says what to do where there is no policy at all."""

PRIORS = "priors"
"""Name of the file in ``policies/`` that says what is expected of actions: no policy's, as ``groups`` is none."""

_NO_POLICIES = frozenset({GROUPS, PRIORS})

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
"""Names of policies are names, never paths."""

ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The key of an action. It may be one that is not installed: see :meth:`Policy.remarks`."""


def stricter(permission: Permission, other: Permission) -> Permission:
    """Return the stricter of two permissions; the first where they are the same.

    >>> stricter(Permission.AUTO, Permission.ASK_TWO).value
    'ask_two'
    """
    return min(permission, other, key=_STRICTEST_FIRST.index)


class Rule(Section):
    """States what one line of the policy allows, asks for or denies."""

    actions: tuple[ActionName, ...] = Field(min_length=1)
    """Names of actions, ours and those of installed packages."""
    environments: tuple[str, ...] = (ANY,)
    """Says where it holds, as ``AIRMEDIC_ENVIRONMENT`` or the spec's ``environment`` says; ``"*"`` for everywhere."""
    cause: Literal["verified", "unverified", "any"] = "any"
    permission: Permission
    one_of: tuple[str, ...] = ()
    """Groups, such as ``group:risk``, of each of which somebody has to be among those who approve."""
    approvals: int = Field(default=0, ge=0, le=9)
    """Sets how many different people have to approve, where it is more than ``permission`` says."""

    @field_validator("one_of")
    @classmethod
    def _names_groups(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        for group in groups:
            if not group.startswith(PREFIX):
                raise ValueError(f"{group!r} is no group. Write {PREFIX}{group}.")
        return groups

    @model_validator(mode="after")
    def _asks_whom_it_counts(self) -> Self:
        if self.approvals and not self.permission.people:
            raise ValueError(f"approvals: {self.approvals} people approve only where permission is ask or ask_two")
        return self

    def fits(self, action: str, environment: str, verification: Verification) -> bool:
        """Return whether the rule speaks of this case.

        Parameters
        ----------
        action : str
            The action.
        environment : str
            The name of this installation's environment.
        verification : Verification
            Whether the evidence of the cause was verified.
        """
        return (
            action in self.actions
            and (ANY in self.environments or environment in self.environments)
            and self.cause in {"any", verification}
        )


class Limits(Section):
    """Says how much may happen, however well it is approved."""

    cooldown_minutes: float = Field(default=60, ge=0)
    attempts_per_incident: int = Field(default=3, ge=1)
    actions_per_day: int = Field(default=8, ge=0)
    actions_per_day_fleet: int = Field(default=50, ge=0)
    concurrent_actions: int = Field(default=3, ge=1)
    training_minutes_per_day: float = Field(default=240, ge=0)
    training_minutes_per_day_fleet: float = Field(default=1440, ge=0)
    trial_minutes_per_day: float = Field(default=30, ge=0)
    trial_minutes_per_day_fleet: float = Field(default=240, ge=0)
    breaker_failures: int = Field(default=3, ge=1)
    breaker_hours: float = Field(default=24, ge=0)
    exempt: tuple[ActionName, ...] | None = None
    """Actions that no limit stops; those that say of themselves that they protect, where it is not given."""


class Freeze(Section):
    """A time in which nothing but the exempt actions happens; ``start <= t < end``, UTC."""

    start: datetime
    end: datetime
    reason: str
    environments: tuple[str, ...] = (ANY,)

    @field_validator("start", "end")
    @classmethod
    def _utc(cls, moment: datetime) -> datetime:
        return as_utc(moment)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start >= self.end:
            raise ValueError("a freeze must end after it starts")
        return self


class Learning(Section):
    """Says whether past outcomes order the allowed actions. Short form: the mode alone."""

    mode: Literal["off", "shadow", "on"] = "shadow"
    """``on``: the order is used. ``shadow``: it is put on record beside the order of the rules, which is used."""
    prior_weight: float = Field(default=8, gt=0)
    """Sets how many outcomes a prior weighs as much as that names no weight of its own."""
    exploration_fraction: float = Field(default=0, ge=0, le=0.5)
    """Share of the decisions that try another allowed action than the best, where learning is on."""
    shadow_fraction: float = Field(default=0.1, ge=0, le=0.5)
    """Share of the decisions for which another allowed action is named that would have been tried; never done."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        """Read ``learning: off`` and ``learning: {mode: on}``, of which YAML makes booleans."""
        said = raw if isinstance(raw, dict) else {"mode": raw}
        mode = said.get("mode")
        return {**said, "mode": "on" if mode else "off"} if isinstance(mode, bool) else said


class Explore(Section):
    """Says where a model may be trained in the shadow to see whether training would help, before anybody is asked."""

    environments: tuple[str, ...] = (SIMULATION,)
    """Says where it is allowed; ``"*"`` for everywhere, nothing for nowhere."""
    every_quiet_windows: int = Field(default=4, ge=0)
    """Sets how many windows after the last trial one is made although nothing is lost; 0 for never."""
    every_losing_windows: int = Field(default=1, ge=1)
    """Sets how many windows after a trial that did not help a loss that lasts is tried again: new rows may help then.
    """
    asks_to_train: bool = False
    """Says whether people are asked for a training that a trial has done already. Without it, they are asked once about
    one problem: whether what was trained is deployed.
    """

    def allowed_in(self, environment: str) -> bool:
        """Return whether models may be trained in the shadow in an environment."""
        return ANY in self.environments or environment in self.environments


class Policy(Section):
    """Says what Airmedic may do, and what it has to ask for. Read one with :func:`load_policy`."""

    permissions: tuple[Rule, ...]
    min_confidence_for_auto: float = Field(default=0.7, ge=0, le=1)
    switched_off: bool = False
    """A kill switch in the policy's own file: while it is on, nothing is changed."""
    separation_of_duties: Literal["always", "outside_simulation", "never"] = "outside_simulation"
    """Says where somebody who asked for an action may not be the only one who approves it."""
    autonomy: Mapping[Trigger, Autonomy] = Field(default_factory=dict)
    """Trigger → how far to go at the most. Without an entry it is ``ask`` for ``quiet``, and ``auto`` for others."""
    limits: Limits = Limits()
    freezes: tuple[Freeze, ...] = ()
    learning: Learning = Learning()
    explore: Explore = Explore()
    environments: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Environment → limits that differ there."""

    @model_validator(mode="after")
    def _limits_are_known(self) -> Self:
        for environment, changed in self.environments.items():
            for key in changed:
                if key not in Limits.model_fields:
                    raise ValueError(
                        f"environments.{environment}.{key}: unknown key. {closest(key, Limits.model_fields)}"
                    )
            self.limits_in(environment)
        return self

    def permission(self, action: str, environment: str, verification: Verification) -> Permission:
        """Return what the first fitting rule says; ``deny`` where none fits.

        Parameters
        ----------
        action : str
            The action.
        environment : str
            The name of this installation's environment.
        verification : Verification
            Whether the evidence of the cause was verified.
        """
        return self.ruling(action, environment, verification)[1]

    def ruling(self, action: str, environment: str, verification: Verification) -> tuple[int, Permission]:
        """Return the number of the first fitting rule, from 1 on, and what it says; 0 and ``deny`` where none fits.

        Parameters
        ----------
        action : str
            The action.
        environment : str
            The name of this installation's environment.
        verification : Verification
            Whether the evidence of the cause was verified.
        """
        for place, rule in enumerate(self.permissions, start=1):
            if rule.fits(action, environment, verification):
                return place, rule.permission
        return 0, Permission.DENY

    def required_groups(self, action: str, environment: str, verification: Verification) -> tuple[str, ...]:
        """Return the groups of which the first fitting rule wants somebody among those who approve.

        Parameters
        ----------
        action : str
            The action.
        environment : str
            The name of this installation's environment.
        verification : Verification
            Whether the evidence of the cause was verified.
        """
        place, _ = self.ruling(action, environment, verification)
        return self.permissions[place - 1].one_of if place else ()

    def required_approvals(self, action: str, environment: str, verification: Verification) -> int:
        """Return how many people the first fitting rule wants, where it names a number; 0 where it does not.

        Parameters
        ----------
        action : str
            The action.
        environment : str
            The name of this installation's environment.
        verification : Verification
            Whether the evidence of the cause was verified.
        """
        place, _ = self.ruling(action, environment, verification)
        return self.permissions[place - 1].approvals if place else 0

    def capped(self, permission: Permission, trigger: Trigger) -> Permission:
        """Return a permission, or the stricter one that the trigger's autonomy allows at the most."""
        return stricter(permission, _MOST[self.autonomy_of(trigger)])

    def autonomy_of(self, trigger: Trigger) -> Autonomy:
        """Return how far to go at the most where a trigger calls for an action."""
        return self.autonomy.get(trigger, _UNLESS_SAID.get(trigger, "auto"))

    def separates_duties(self, environment: str) -> bool:
        """Return whether somebody who asked for an action may not be the only one who approves it."""
        if self.separation_of_duties == "outside_simulation":
            return environment != SIMULATION
        return self.separation_of_duties == "always"

    @property
    def sha256(self) -> str:
        """Digest of all that the policy says, its defaults included."""
        return digest(self.model_dump(mode="json"))

    def remarks(self) -> list[str]:
        """Return what is not wrong, and may still be a mistake: rules for actions that are not installed."""
        installed = listing("airmedic_core.actions", "airmedic.actions")
        exempt = [
            name for limits in (self.limits, *map(self.limits_in, self.environments)) for name in limits.exempt or ()
        ]
        ruled = dict.fromkeys([*(name for rule in self.permissions for name in rule.actions), *exempt])
        return [
            f"The policy rules {name!r}, which is not an installed action. {closest(name, installed)}"
            for name in ruled
            if name not in installed
        ]

    def limits_in(self, environment: str) -> Limits:
        """Return the limits of an environment."""
        return Limits.model_validate(self.limits.model_dump() | dict(self.environments.get(environment, {})))

    def with_limits(self, values: Mapping[str, object]) -> Policy:
        """Return the policy with accepted limits in place of its own, in every environment.

        Parameters
        ----------
        values : mapping
            Key, such as ``policy.limits.cooldown_minutes``, to value.

        Raises
        ------
        SpecError
            If there is no such limit, or the value is none. A retry does not help.
        """
        if not values:
            return self
        changed = {key.removeprefix(_LIMITS): value for key, value in values.items()}
        unknown = next((key for key in changed if key not in Limits.model_fields), None)
        if unknown is not None:
            raise SpecError(f"{unknown!r} is not a limit of the policy.", closest(unknown, Limits.model_fields))
        environments = {name: {**limits, **changed} for name, limits in self.environments.items()}
        try:
            limits = Limits.model_validate(self.limits.model_dump() | changed)
        except ValidationError as error:
            raise SpecError("\n".join(explain(error, Limits)), "Take the override back.") from error
        return self.model_copy(update={"limits": limits, "environments": environments})


def load_policy(folder: Path, name: str = "default") -> Policy:
    """Read one policy file.

    Parameters
    ----------
    folder : Path
        The content folder's ``policies/``.
    name : str
        The file's name without ``.yaml``.

    Raises
    ------
    SpecError
        If there is no such policy or it is not valid. The message names the closest key. A retry does not help.
    """
    if not _NAME.fullmatch(name) or name in _NO_POLICIES:
        raise SpecError(f"{name!r} is not the name of a policy.", "Name a file of policies/ without its .yaml.")
    path = folder / f"{name}.yaml"
    try:
        raw = read_yaml(path)
    except FileNotFoundError as error:
        known = [file.stem for file in folder.glob("*.yaml") if file.stem not in _NO_POLICIES]
        hint = closest(name, known) or MAKE_POLICIES
        raise SpecError(f"There is no policy {name!r} in {str(folder)!r}.", hint) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"The policy {path.name} cannot be read: {error}", "Correct the file.") from error
    if not isinstance(raw, dict):
        raise SpecError(f"The policy {path.name} holds no keys.", "Start with permissions.")
    try:
        return Policy.model_validate(raw)
    except ValidationError as error:
        raise SpecError(f"The policy {path.name} is not valid:\n" + "\n".join(explain(error, Policy))) from error


def policy_of(ws: Workspace) -> Policy:
    """Return the policy that the model's spec names, with the limits that were accepted as overrides."""
    policy = load_policy(ws.settings.policies, ws.spec.policy)
    accepted = [setting for setting in ws.ledger.overrides(ws.spec.name, "setting") if of_policy(setting.key)]
    return policy.with_limits({setting.key: setting.plain_value for setting in accepted})


def environment_of(ws: Workspace) -> str:
    """Return the environment that the policy knows the model by: the spec's, else the installation's."""
    return ws.spec.environment or ws.settings.environment
