"""Says what every use case of one model needs, opened in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import SpecError
from airmedic_core.groups import RolesOf, no_roles
from airmedic_core.settings import Settings
from airmedic_core.spec import ModelSpec, load_spec, parse_spec

if TYPE_CHECKING:
    from airmedic_core.ledger import Ledger
    from airmedic_core.registry import Registry


Switch = Callable[[str], str]
"""Returns why a model must not be changed at the moment; nothing while it may."""


@dataclass(frozen=True)
class Workspace:
    """One model with its spec, settings, ledger and registry."""

    spec: ModelSpec
    settings: Settings
    ledger: Ledger
    registry: Registry
    switches: tuple[Switch, ...] = ()
    """Kill switches of the surroundings, such as a variable of the scheduler."""
    roles_of: RolesOf = no_roles
    """Asks the surroundings for the roles of a user."""

    @classmethod
    def open(cls, model: str | ModelSpec, settings: Settings | None = None) -> Workspace:
        """Open the workspace of a model.

        Parameters
        ----------
        model : str or ModelSpec
            The name of a spec in the content folder's ``models/``, or a spec.
        settings : Settings, optional
            Those of the environment where not given.

        Raises
        ------
        SpecError
            If there is no such spec, or it is not valid. A retry does not help.
        LedgerBusyError
            If the ledger does not answer. A retry helps.
        """
        from airmedic_core.ledger import Ledger
        from airmedic_core.registry import registry_of

        settings = settings or Settings.from_env()
        spec = model if isinstance(model, ModelSpec) else load_spec(settings.models / f"{model}.yaml")
        settings.home.mkdir(parents=True, exist_ok=True)
        ledger = Ledger.open(settings.ledger_url, lease_seconds=settings.lease_seconds)
        accepted = ledger.overrides(spec.name, "setting", now=datetime.now(UTC))
        try:
            spec = with_settings(
                spec, {override.key: override.value for override in accepted if not of_policy(override.key)}
            )
        except SpecError as error:
            raise SpecError(
                error.problem,
                f"Take back what does not fit any more: 'airmedic overrides --model {spec.name} --revoke KEY'.",
            ) from error
        return cls(spec, settings, ledger, registry_of(spec, settings.tracking_uri, ledger))


POLICY = "policy."
"""Says how the keys of settings begin that belong to the model's policy and not to its spec."""


def of_policy(key: str) -> bool:
    """Return whether a setting belongs to the policy."""
    return key.startswith(POLICY)


def with_settings(spec: ModelSpec, values: dict[str, Any]) -> ModelSpec:
    """Return a spec in which settings that were accepted as overrides replace those of the file.

    Parameters
    ----------
    spec : ModelSpec
        What the file says.
    values : dict
        Dotted key, such as ``gate.margin`` → value. A value that was recorded as ``{"value": …}`` is unwrapped.

    Raises
    ------
    SpecError
        If the spec is not valid with them.
    """
    if not values:
        return spec
    raw = spec.model_dump(mode="json", exclude_unset=True)
    for key, value in values.items():
        *parents, last = key.split(".")
        section = raw
        for part in parents:
            inner = section.get(part)
            section[part] = dict(inner) if isinstance(inner, dict) else {}
            section = section[part]
        section[last] = value["value"] if isinstance(value, dict) and set(value) == {"value"} else value
    return parse_spec(raw, origin=f"{spec.name} with its accepted settings")
