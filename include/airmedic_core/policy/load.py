"""Policies as they are read: from a file, and with what was accepted since."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from airmedic_core.bounded_yaml import read_yaml
from airmedic_core.errors import SpecError, closest
from airmedic_core.groups import GROUPS
from airmedic_core.policy.policy import Policy
from airmedic_core.spec import explain
from airmedic_core.workspace import of_policy

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

MAKE_POLICIES = "Make it with 'airmedic init-project', or set AIRMEDIC_CONTENT to the folder that holds policies/."
"""Says what to do where there is no policy at all."""

PRIORS = "priors"
"""Name of the file in ``policies/`` that says what is expected of actions: no policy's, as ``groups`` is none."""

_NO_POLICIES = frozenset({GROUPS, PRIORS})

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
"""Names of policies are names, never paths."""


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
