"""The policy: which action needs whose permission, in which environment, for causes verified or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from airmedic_core.errors import SpecError, closest
from airmedic_core.family import listing
from airmedic_core.policy.sections import (
    SIMULATION,
    Explore,
    Freeze,
    Learning,
    Limits,
    Rule,
    Verification,
)
from airmedic_core.records import Permission, digest
from airmedic_core.spec import Section, explain

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

_LIMITS = "policy.limits."


def stricter(permission: Permission, other: Permission) -> Permission:
    """Return the stricter of two permissions; the first where they are the same.

    >>> stricter(Permission.AUTO, Permission.ASK_TWO).value
    'ask_two'
    """
    return min(permission, other, key=_STRICTEST_FIRST.index)


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
