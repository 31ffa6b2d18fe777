"""The sections of a policy: its rules, limits and freezes, and what it says of learning and of trials."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, StringConstraints, field_validator, model_validator

from airmedic_core.groups import PREFIX
from airmedic_core.records import Permission
from airmedic_core.spec import Section
from airmedic_core.windows import as_utc

Verification = Literal["verified", "unverified"]
VERIFICATIONS: tuple[Verification, ...] = get_args(Verification)

SIMULATION = "simulation"
"""The environment in which one person may play all parts."""

ANY = "*"
"""Fits every environment."""

ActionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The key of an action. It may be one that is not installed: see :meth:`Policy.remarks`."""


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
